"""Advise on a document that is saved, or planned to be."""

from __future__ import annotations

import asyncio
from datetime import datetime

from calendars.domain.advice import Advice, advise
from calendars.domain.definition import horizon_at
from calendars.domain.document import Document
from calendars.storage import calendars
from pgstore.connection import Connection

__all__ = ["advise_on"]


async def advise_on(
    connection: Connection, tenant_id: str, document: Document, now: datetime
) -> tuple[Advice, ...]:
    """Say what in a document has no effect; it was checked and pinned, and what it inherits is saved."""
    parents = [] if document.parent is None else [document.parent]
    outlines = await calendars.read_outlines(connection, tenant_id, parents) if parents else {}
    book = await calendars.read_book(connection, tenant_id, outlines) if outlines else {}
    return await asyncio.to_thread(advise, document, book, horizon_at(now))
