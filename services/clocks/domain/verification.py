"""Verification of receipts: whether they are as they were written, and whether they are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from businesstime import TZDATA_VERSION, BusinessTimeError
from clocks.domain.errors import ClocksError
from clocks.domain.receipt import (
    FOLD_VERSION,
    FORMAT,
    Inputs,
    ReceiptResult,
    compile_calendar,
    digest,
    recompute,
)
from clocks.domain.refusals import ReceiptInvalidError

__all__ = ["Difference", "Verification", "verify_receipt"]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receipt as it is read."""

    format: str
    fold_version: int
    tzdata_version: str
    inputs: Inputs
    result: ReceiptResult
    hash: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt says at a path, and what is found instead; both as JSON would have it."""

    path: str
    said: Any
    found: Any


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. differences: none: the receipt is as it was written, and right.

    editions: of the code and the data, where it was made with others than are here; no fault by themselves.
    """

    hash: str
    differences: tuple[Difference, ...]
    editions: tuple[Difference, ...]


def verify_receipt(written: bytes | str) -> Verification:
    """Compare a receipt's hash with what it says, and its result with what its inputs come to here.

    Raises ReceiptInvalidError for what is no receipt.
    """
    try:
        raw = msgspec.json.decode(written, type=dict[str, Any])
        receipt = msgspec.convert(raw, Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReceiptInvalidError(f"this is no receipt: {error}") from error
    if receipt.format != FORMAT:
        raise ReceiptInvalidError(f"format: {receipt.format!r} is none that is known; {FORMAT} is")
    hashed = digest(raw)
    return Verification(
        hash=hashed,
        differences=(*compared("hash", receipt.hash, hashed), *results(receipt)),
        editions=(
            *compared("fold_version", receipt.fold_version, FOLD_VERSION),
            *compared("tzdata_version", receipt.tzdata_version, TZDATA_VERSION),
            *calendar_editions(receipt.inputs),
        ),
    )


def results(receipt: Receipt) -> Iterator[Difference]:
    """Recompute, and compare; what cannot be recomputed at all differs as a whole."""
    said = msgspec.to_builtins(receipt.result)
    try:
        found = msgspec.to_builtins(recompute(receipt.inputs))
    except (BusinessTimeError, ClocksError, ValueError, LookupError) as error:
        yield Difference(path="inputs", said=None, found=f"cannot be recomputed: {error}")
        return
    yield from compared("result", said, found)


def calendar_editions(inputs: Inputs) -> Iterator[Difference]:
    """Compare what the Calendars' hours follow from; one that cannot be compiled is told with the result."""
    for place, calendar in enumerate(inputs.calendars):
        try:
            found = compile_calendar(calendar).content_key
        except BusinessTimeError:
            continue
        yield from compared(f"inputs.calendars[{place}].content_key", calendar.content_key, found)


def compared(path: str, said: Any, found: Any) -> Iterator[Difference]:
    """Compare two JSON values, and name the innermost paths at which they differ."""
    if isinstance(said, dict) and isinstance(found, dict):
        for name in sorted(said.keys() | found.keys()):
            yield from compared(f"{path}.{name}", said.get(name), found.get(name))
    elif isinstance(said, list | tuple) and isinstance(found, list | tuple) and len(said) == len(found):
        for place, (one, other) in enumerate(zip(said, found, strict=True)):
            yield from compared(f"{path}[{place}]", one, other)
    elif said != found or type(said) is not type(found):
        yield Difference(path=path, said=said, found=found)
