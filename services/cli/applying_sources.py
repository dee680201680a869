"""Bringing an ICS source to what a file says: its holidays are uploaded, and counted at once."""

from __future__ import annotations

from typing import Any

from cli.applying_calendars import CalendarTerms
from cli.graphql import ERRORS, GatewayClient
from cli.ics_text import ics_text
from cli.manifest import Manifest

__all__ = ["apply_source"]

_READ = """query Read($key: String!) {
  icsSource(key: $key) { name host accepted { edition holidays } }
}"""
_SAVE = f"""mutation Save($key: String!, $name: String!) {{
  saveIcsSource(input: {{key: $key, name: $name}}) {{ icsSource {{ key }} {ERRORS} }}
}}"""
_OFFER = f"""mutation Offer($key: String!, $content: String!) {{
  offerIcsContent(input: {{key: $key, content: $content}}) {{
    icsSource {{ accepted {{ edition }} pending {{ edition }} }} {ERRORS}
  }}
}}"""
_ACCEPT = f"""mutation Accept($input: AcceptIcsEditionInput!) {{
  acceptIcsEdition(input: $input) {{ icsSource {{ accepted {{ edition }} }} {ERRORS} }}
}}"""


async def apply_source(
    client: GatewayClient, manifest: Manifest, *, plan: bool, terms: CalendarTerms
) -> tuple[str, int]:
    """Give what was, or would be, done (created, amended, unchanged), and the edition that counts then.

    A source with a feed is left alone: what it says comes from there. Calendars that take holidays from the
    source are amended with it. Raises GatewayRefusalError, ManifestError.
    """
    content = ics_text(manifest)
    found = (await client.ask(_READ, {"key": manifest.key}))["icsSource"]
    accepted: dict[str, Any] = (found and found["accepted"]) or {"edition": 0, "holidays": None}
    edition = int(accepted["edition"])
    if found and (found["host"] or accepted["holidays"] == manifest.document["holidays"]):
        return "unchanged", edition
    done = "amended" if found else "created"
    if plan:
        return done, edition + 1
    if not found or found["name"] != manifest.name:
        await client.change(_SAVE, {"key": manifest.key, "name": manifest.name})
    offered = (await client.change(_OFFER, {"key": manifest.key, "content": content}))["icsSource"]
    if offered["pending"] is None:
        return "unchanged", edition
    wanted = terms.variables() | {"key": manifest.key, "edition": offered["pending"]["edition"]}
    source = (await client.change(_ACCEPT, {"input": wanted}))["icsSource"]
    return done, int(source["accepted"]["edition"])
