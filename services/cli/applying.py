"""Bringing a tenant to what files say: made where missing, amended where different, else left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.applying_calendars import AppliedLine, CalendarTerms, apply_calendars
from cli.applying_sources import apply_source
from cli.graphql import ERRORS, GatewayClient, GatewayRefusalError
from cli.manifest import WORDS, Kind, Manifest
from cli.planned_cycles import tell_cycles
from clocks.domain.policy_document import parse_policy
from credits.domain.agreement_document import agreement_from_document

__all__ = ["Applied", "apply_manifests"]

_FIELDS = ((Kind.POLICY, "policy"), (Kind.AGREEMENT, "agreement"))
_READ = {
    kind: (
        f"query Read($key: String!) {{ found: {field}(key: $key)"
        " { version versions { version document } } }"
    )
    for kind, field in _FIELDS
}
_SAVE = {
    kind: f"""
mutation Save($key: String!, $version: Int!, $document: JSONObject!) {{
  save{kind}(input: {{key: $key, expectedVersion: $version, document: $document}}) {{
    {field} {{ version }} {ERRORS}
  }}
}}
"""
    for kind, field in _FIELDS
}
_PARSE: Mapping[Kind, Callable[[dict[str, Any]], object]] = {
    Kind.POLICY: parse_policy,
    Kind.AGREEMENT: agreement_from_document,
}
_WOULD = {"created": "would create", "amended": "would amend", "unchanged": "would leave"}


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was, or would be, done for one document.

    done: created, amended or unchanged. version: the one that holds then. planned: nothing was written.
    details: lines that say what an amended Calendar gains and loses, and of a plan what becomes of Cycles.
    """

    manifest: Manifest
    done: str
    version: int
    planned: bool = False
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        manifest, done = self.manifest, _WOULD[self.done] if self.planned else self.done
        return f"{done} {WORDS[manifest.kind]} {manifest.key} (version {self.version})"


async def apply_manifests(
    client: GatewayClient,
    manifests: Sequence[Manifest],
    *,
    plan: bool = False,
    terms: CalendarTerms | None = None,
) -> AsyncIterator[Applied]:
    """Apply IcsSources; Calendars, all or none; then Policies and Agreements one by one; and tell of each.

    plan: only tell what would be done. terms: of the Calendars' amendments. Raises GatewayRefusalError, which
    names the file: for a Policy or Agreement that says nothing sound by itself, before anything is applied;
    for one that the tenant's other documents do not allow, after, and what was applied before stays.
    """
    terms = terms or CalendarTerms()
    for manifest in manifests:
        _check(manifest)
    for manifest in (one for one in manifests if one.kind is Kind.ICS_SOURCE):
        yield await _apply_source(client, manifest, terms, plan=plan)
    calendars = [manifest for manifest in manifests if manifest.kind is Kind.CALENDAR]
    if calendars:
        lines = await apply_calendars(client, calendars, plan=plan, terms=terms)
        for manifest, line in zip(calendars, lines, strict=True):
            yield Applied(
                manifest=manifest,
                done=line.done,
                version=line.version,
                planned=plan,
                details=(*line.details, *await _cycles(client, manifest, line, terms, plan=plan)),
            )
    for kind, _ in _FIELDS:
        for manifest in (one for one in manifests if one.kind is kind):
            yield await _apply(client, manifest, plan=plan)


def _check(manifest: Manifest) -> None:
    parse = _PARSE.get(manifest.kind)
    if parse is None:
        return
    try:
        parse(manifest.document)
    except Exception as error:
        code, kind = getattr(error, "code", None), getattr(error, "kind", None)
        if not isinstance(code, str) or not isinstance(kind, str):
            raise  # no refusal, but a fault of ours
        field = getattr(error, "field", None)
        refusal = GatewayRefusalError(str(error), code=code, kind=kind, field=field)
        raise _named(manifest, refusal) from error


async def _cycles(
    client: GatewayClient, manifest: Manifest, line: AppliedLine, terms: CalendarTerms, *, plan: bool
) -> list[str]:
    """Say what a planned amendment would do to Cycles."""
    if not plan or not line.changes_hours:
        return []
    return await tell_cycles(client, manifest, version=line.version, terms=terms)


async def _apply_source(
    client: GatewayClient, manifest: Manifest, terms: CalendarTerms, *, plan: bool
) -> Applied:
    try:
        done, version = await apply_source(client, manifest, plan=plan, terms=terms)
    except GatewayRefusalError as error:
        raise _named(manifest, error) from error
    return Applied(manifest=manifest, done=done, version=version, planned=plan)


async def _apply(client: GatewayClient, manifest: Manifest, *, plan: bool) -> Applied:
    latest, document = await _read(client, manifest)
    done = "unchanged" if document == manifest.document else "amended" if latest else "created"
    if plan or done == "unchanged":
        version = latest + (done != "unchanged")
        return Applied(manifest=manifest, done=done, version=version, planned=plan)
    variables = {"key": manifest.key, "version": latest, "document": manifest.document}
    try:
        payload = await client.change(_SAVE[manifest.kind], variables)
    except GatewayRefusalError as error:
        raise _named(manifest, error) from error
    (record,) = (value for name, value in payload.items() if name != "errors")
    return Applied(manifest=manifest, done=done, version=int(record["version"]))


async def _read(client: GatewayClient, manifest: Manifest) -> tuple[int, dict[str, Any] | None]:
    """Give the latest version's number and document; 0 and None where there is nothing yet."""
    found = (await client.ask(_READ[manifest.kind], {"key": manifest.key}))["found"]
    if found is None:
        return 0, None
    latest = int(found["version"])
    return latest, next(one["document"] for one in found["versions"] if one["version"] == latest)


def _named(manifest: Manifest, error: GatewayRefusalError) -> GatewayRefusalError:
    return GatewayRefusalError(
        f"{manifest.source}: {error}", code=error.code, kind=error.kind, field=error.field
    )
