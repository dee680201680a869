"""Pin what a document takes from ICS sources to the content that counts now."""

from __future__ import annotations

from dataclasses import replace

from calendars.domain.calendar import Amendment, Calendar
from calendars.domain.document import Document
from calendars.domain.document_imports import Import
from calendars.domain.import_errors import ImportUnknownError
from calendars.storage import ics_sources
from pgstore.connection import Connection

__all__ = ["pin", "pin_amendment", "pin_latest"]


async def pin(connection: Connection, tenant_id: str, document: Document) -> Document:
    """Return the document with its imports pinned and their content at hand. Raises ImportUnknownError."""
    if not document.imports:
        return document
    accepted = await ics_sources.read_accepted(
        connection, tenant_id, {each.source for each in document.imports}
    )
    for each in document.imports:
        if each.digest is None and each.source not in accepted:
            raise _unknown(each, f"there is no ICS source {each.source!r} of which anything was accepted")
    pinned = document.pinned(accepted, {})
    content = await ics_sources.read_content(connection, tenant_id, pinned.imports)
    for each in pinned.imports:
        if (each.source, each.digest) not in content:
            raise _unknown(each, f"ICS source {each.source!r} has no accepted content of that digest")
    return replace(pinned, entries={digest: entries for (_, digest), entries in content.items()})


async def pin_amendment(connection: Connection, tenant_id: str, amendment: Amendment) -> Amendment:
    """Return the amendment with its document pinned. Raises ImportUnknownError."""
    return replace(amendment, document=await pin(connection, tenant_id, amendment.document))


async def pin_latest(connection: Connection, tenant_id: str, calendar: Calendar) -> Calendar:
    """Return the Calendar with its latest version's document pinned. Raises ImportUnknownError."""
    *earlier, latest = calendar.versions
    document = await pin(connection, tenant_id, latest.document)
    return replace(calendar, versions=(*earlier, replace(latest, document=document)))


def _unknown(one: Import, reason: str) -> ImportUnknownError:
    return ImportUnknownError(f"{one.field}: {reason}", field=one.field, code=ImportUnknownError.code)
