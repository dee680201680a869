"""Bringing a tenant to what files say: made where missing, amended where different, else left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.graphql import GatewayClient, GatewayRefusalError
from cli.manifest import Kind, Manifest

__all__ = ["Applied", "apply_manifests"]

_ERRORS = "errors { code kind field message }"
_READ = {
    kind: (
        f"query Read($key: String!) {{ found: {field}(key: $key)"
        f" {{ version versions {{ version document }} {extra} }} }}"
    )
    for kind, field, extra in (
        (Kind.CALENDAR, "calendar", "name"),
        (Kind.POLICY, "policy", ""),
        (Kind.AGREEMENT, "agreement", ""),
    )
}
_CREATE_CALENDAR = f"""
mutation Create($key: String!, $name: String!, $document: JSONObject!) {{
  createCalendar(input: {{key: $key, name: $name, document: $document}}) {{
    calendar {{ version }} {_ERRORS}
  }}
}}
"""
_AMEND_CALENDAR = f"""
mutation Amend($key: String!, $version: Int!, $document: JSONObject!) {{
  amendCalendar(input: {{key: $key, expectedVersion: $version, document: $document}}) {{
    calendar {{ version }} {_ERRORS}
  }}
}}
"""
_SAVE = {
    kind: f"""
mutation Save($key: String!, $version: Int!, $document: JSONObject!) {{
  save{kind}(input: {{key: $key, expectedVersion: $version, document: $document}}) {{
    {field} {{ version }} {_ERRORS}
  }}
}}
"""
    for kind, field in ((Kind.POLICY, "policy"), (Kind.AGREEMENT, "agreement"))
}
_MISSING = frozenset({"reference_unknown"})


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was done for one document: created, amended or unchanged, and the version that now holds."""

    manifest: Manifest
    done: str
    version: int

    def __str__(self) -> str:
        manifest = self.manifest
        return f"{self.done} {manifest.kind.lower()} {manifest.key} (version {self.version})"


async def apply_manifests(client: GatewayClient, manifests: Sequence[Manifest]) -> AsyncIterator[Applied]:
    """Apply Calendars, Policies, Agreements, and tell of each; one that names a later one waits for it.

    Raises GatewayRefusalError, which names the file; what was applied before stays.
    """
    waiting = sorted(manifests, key=lambda manifest: list(Kind).index(manifest.kind))
    refusals: list[GatewayRefusalError] = []
    while waiting:
        later, refusals = [], []
        for manifest in waiting:
            try:
                yield await _apply(client, manifest)
            except GatewayRefusalError as error:
                refusals.append(_named(manifest, error))
                if error.code not in _MISSING:
                    raise refusals[-1] from error
                later.append(manifest)
        if len(later) == len(waiting):
            raise refusals[0]
        waiting = later


async def _apply(client: GatewayClient, manifest: Manifest) -> Applied:
    found = (await client.ask(_READ[manifest.kind], {"key": manifest.key}))["found"]
    if found is None:
        version = await _create(client, manifest)
        return Applied(manifest=manifest, done="created", version=version)
    latest = found["version"]
    document = next(one["document"] for one in found["versions"] if one["version"] == latest)
    if document == manifest.document:
        return Applied(manifest=manifest, done="unchanged", version=latest)
    change = _AMEND_CALENDAR if manifest.kind is Kind.CALENDAR else _SAVE[manifest.kind]
    variables = {"key": manifest.key, "version": latest, "document": manifest.document}
    return Applied(
        manifest=manifest, done="amended", version=_version(await client.change(change, variables))
    )


async def _create(client: GatewayClient, manifest: Manifest) -> int:
    variables: dict[str, Any] = {"key": manifest.key, "document": manifest.document}
    if manifest.kind is Kind.CALENDAR:
        return _version(await client.change(_CREATE_CALENDAR, variables | {"name": manifest.name}))
    return _version(await client.change(_SAVE[manifest.kind], variables | {"version": 0}))


def _version(payload: dict[str, Any]) -> int:
    (record,) = (value for name, value in payload.items() if name != "errors")
    return int(record["version"])


def _named(manifest: Manifest, error: GatewayRefusalError) -> GatewayRefusalError:
    return GatewayRefusalError(
        f"{manifest.source}: {error}", code=error.code, kind=error.kind, field=error.field
    )
