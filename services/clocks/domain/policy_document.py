"""Policy documents, as people write them in YAML or JSON, parsed into values; errors name the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clocks.domain.policy import Policy

__all__ = ["parse_policy"]


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Parse and compile a document. Raises PolicyInvalid and its kinds, with the path in `field`."""
    raise NotImplementedError
