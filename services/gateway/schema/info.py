"""What a resolver is handed: the request's Session."""

from __future__ import annotations

from typing import TypeAlias

import strawberry

from gateway.upstream.session import Session

__all__ = ["Info"]

Info: TypeAlias = strawberry.Info[Session, None]
