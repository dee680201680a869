"""Bringing a tenant to what files say: made where missing, amended where different, else left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.applying_calendars import AppliedFiles, CalendarTerms, apply_files
from cli.applying_default import apply_default, check_default
from cli.calendar_files import check_alone
from cli.dated_documents import as_in_file
from cli.graphql import ERRORS, GatewayClient, GatewayRefusalError
from cli.manifest import WORDS, Kind, Manifest, ManifestError
from clocks.domain.policy_advice import advise
from clocks.domain.policy_document import parse_policy
from credits.domain.agreement_document import agreement_from_document

__all__ = ["Applied", "apply_manifests", "plan_manifests"]

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
_CHECKS: Mapping[Kind, Callable[[Manifest], object]] = {
    Kind.CALENDAR: check_alone,
    Kind.DEFAULT_CALENDAR: check_default,
    Kind.POLICY: lambda manifest: parse_policy(manifest.document),
    Kind.AGREEMENT: lambda manifest: agreement_from_document(manifest.document),
}
_WOULD = {"created": "would create", "amended": "would amend", "unchanged": "would leave"}


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was, or would be, done for one document.

    done: created, amended or unchanged. version: the one that holds then. planned: nothing was written.
    details: lines that say what it gains and loses. advice: what in the file has no effect, with the file.
    """

    kind: Kind
    key: str
    done: str
    version: int
    planned: bool = False
    details: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    def __str__(self) -> str:
        done = _WOULD[self.done] if self.planned else self.done
        return f"{done} {WORDS[self.kind]} {self.key} (version {self.version})"


async def apply_manifests(
    client: GatewayClient, manifests: Sequence[Manifest], *, terms: CalendarTerms | None = None
) -> AsyncIterator[Applied]:
    """Apply IcsSources and Calendars, all or none; then the rest one by one; tell of each.

    terms: of the Calendars' amendments. Raises GatewayRefusalError, which names the file: for a Policy or
    Agreement that says nothing sound by itself, before anything is applied; for one that the tenant's other
    documents do not allow, after, and what was applied before stays.
    """
    for applied in _list_files(await _apply_files(client, manifests, terms, plan=False), plan=False):
        yield applied
    async for applied in _apply_others(client, manifests, plan=False):
        yield applied


async def plan_manifests(
    client: GatewayClient, manifests: Sequence[Manifest], *, terms: CalendarTerms | None = None
) -> AsyncIterator[Applied | str]:
    """Tell what applying would do, and write nothing; behind the Calendars, lines of what follows for Cycles.

    Raises as `apply_manifests`.
    """
    files = await _apply_files(client, manifests, terms, plan=True)
    for applied in _list_files(files, plan=True):
        yield applied
    for line in files.effect:
        yield line
    async for applied in _apply_others(client, manifests, plan=True):
        yield applied


async def _apply_files(
    client: GatewayClient, manifests: Sequence[Manifest], terms: CalendarTerms | None, *, plan: bool
) -> AppliedFiles:
    _check_all(manifests)
    files = [one for one in manifests if one.kind in {Kind.ICS_SOURCE, Kind.CALENDAR}]
    if not files:
        return AppliedFiles(files=[], effect=())
    return await apply_files(client, files, plan=plan, terms=terms or CalendarTerms())


def _list_files(applied: AppliedFiles, *, plan: bool) -> Iterator[Applied]:
    for one in applied.files:
        yield Applied(
            kind=one.kind,
            key=one.key,
            done=one.done,
            version=one.version,
            planned=plan,
            details=one.details,
            advice=one.advice,
        )


async def _apply_others(
    client: GatewayClient, manifests: Sequence[Manifest], *, plan: bool
) -> AsyncIterator[Applied]:
    for manifest in (one for one in manifests if one.kind is Kind.DEFAULT_CALENDAR):
        yield await _apply_default(client, manifest, plan=plan)
    for kind, _ in _FIELDS:
        for manifest in (one for one in manifests if one.kind is kind):
            yield await _apply(client, manifest, plan=plan)


async def _apply_default(client: GatewayClient, manifest: Manifest, *, plan: bool) -> Applied:
    try:
        done, version = await apply_default(client, manifest, plan=plan)
    except GatewayRefusalError as error:
        raise _named(manifest, error) from error
    return Applied(kind=manifest.kind, key=manifest.key, done=done, version=version, planned=plan)


def _check_all(manifests: Sequence[Manifest]) -> None:
    """Check each file by itself. Raises GatewayRefusalError, with a line for each that is at fault."""
    refusals = []
    for manifest in manifests:
        try:
            _check(manifest)
        except (GatewayRefusalError, ManifestError) as error:
            refusals.append(error)
    if len(refusals) > 1:
        first, lines = refusals[0], "\n".join(str(each) for each in refusals)
        raise GatewayRefusalError(
            f"{len(refusals)} documents are refused:\n{lines}", code=first.code, kind=first.kind
        )
    for refusal in refusals:
        raise refusal


def _check(manifest: Manifest) -> None:
    check = _CHECKS.get(manifest.kind)
    if check is None:
        return
    try:
        check(manifest)
    except ManifestError:
        raise  # it names the file
    except Exception as error:
        code, kind = getattr(error, "code", None), getattr(error, "kind", None)
        if not isinstance(code, str) or not isinstance(kind, str):
            raise  # no refusal, but a fault of ours
        field = getattr(error, "field", None)
        refusal = GatewayRefusalError(str(error), code=code, kind=kind, field=field)
        raise _named(manifest, refusal) from error


async def _apply(client: GatewayClient, manifest: Manifest, *, plan: bool) -> Applied:
    latest, document = await _read(client, manifest)
    advice = tuple(f"{manifest.source}: {line}" for line in _advise(manifest))
    done = "unchanged" if document == manifest.document else "amended" if latest else "created"
    if plan or done == "unchanged":
        version = latest + (done != "unchanged")
        return Applied(
            kind=manifest.kind, key=manifest.key, done=done, version=version, planned=plan, advice=advice
        )
    variables = {"key": manifest.key, "version": latest, "document": manifest.document}
    try:
        payload = await client.change(_SAVE[manifest.kind], variables)
    except GatewayRefusalError as error:
        raise _named(manifest, error) from error
    (record,) = (value for name, value in payload.items() if name != "errors")
    version = int(record["version"])
    return Applied(kind=manifest.kind, key=manifest.key, done=done, version=version, advice=advice)


def _advise(manifest: Manifest) -> Sequence[str]:
    """Say what in a Policy has no effect; it was checked."""
    if manifest.kind is not Kind.POLICY:
        return ()
    return [each.message for each in advise(parse_policy(manifest.document))]


async def _read(client: GatewayClient, manifest: Manifest) -> tuple[int, dict[str, Any] | None]:
    """Give the latest version's number and document; 0 and None where there is nothing yet."""
    found = (await client.ask(_READ[manifest.kind], {"key": manifest.key}))["found"]
    if found is None:
        return 0, None
    latest = int(found["version"])
    return latest, next(one["document"] for one in found["versions"] if one["version"] == latest)


def _named(manifest: Manifest, error: GatewayRefusalError) -> GatewayRefusalError:
    said, field = (as_in_file(text) for text in (str(error), error.field or ""))
    return GatewayRefusalError(
        f"{manifest.source}: {said}", code=error.code, kind=error.kind, field=field or None
    )
