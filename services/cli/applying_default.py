"""Applying the tenant's default Calendar from a file: set where there is none or another one."""

from __future__ import annotations

from cli.graphql import ERRORS, GatewayClient, GatewayRefusalError
from cli.manifest import Manifest

__all__ = ["apply_default", "check_default"]

_READ = "{ found: defaultCalendar { calendarKey version } }"
_SET = f"""
mutation Set($key: String!, $version: Int!) {{
  setDefaultCalendar(input: {{calendarKey: $key, expectedVersion: $version}}) {{
    defaultCalendar {{ version }} {ERRORS}
  }}
}}
"""


def check_default(manifest: Manifest) -> None:
    """Check that it says no more than its key. Raises GatewayRefusalError."""
    if manifest.document:
        field = next(iter(manifest.document))
        raise GatewayRefusalError(
            f"{field}: a DefaultCalendar has a key alone",
            code="manifest_invalid",
            kind="invalid",
            field=field,
        )


async def apply_default(client: GatewayClient, manifest: Manifest, *, plan: bool) -> tuple[str, int]:
    """Set it, from now on; answer what was, or would be, done, and the version that holds then.

    Raises GatewayRefusalError.
    """
    found = (await client.ask(_READ, {}))["found"]
    if found is not None and found["calendarKey"] == manifest.key:
        return "unchanged", int(found["version"])
    latest = 0 if found is None else int(found["version"])
    if not plan:
        await client.change(_SET, {"key": manifest.key, "version": latest})
    return "amended" if latest else "created", latest + 1
