"""Zones from the `tzdata` package alone, so that every host agrees; see README.md for the rule at edges."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import tzdata  # type: ignore[import-untyped] # ships no types

from businesstime.errors import ZoneUnknownError
from businesstime.instants import REACH_LAST, SECOND_US
from businesstime.posix_rule import read_posix_rule

__all__ = ["PACKAGED", "TZDATA_VERSION", "Int64Array", "ZoneDatabase", "ZoneRules", "zone"]

Int64Array = npt.NDArray[np.int64]

TZDATA_VERSION: Final[str] = tzdata.IANA_VERSION

# In microseconds it still fits 64 bits; a hundred thousand years.
_FOREVER_S: Final = 1 << 42
_HEADER: Final = struct.Struct(">4s c 15x 6l")


@dataclass(frozen=True, slots=True, eq=False)
class ZoneRules:
    """The changes of one zone's clocks, until the end of reach.

    instants_s: when each offset begins, seconds since the epoch, ascending; the first is long ago.
    offsets_s: the offset from then on, seconds east of Greenwich.
    crests_s: the latest wall time, in seconds since 1970, that has been read before that offset ends.
    """

    instants_s: Int64Array
    offsets_s: Int64Array
    crests_s: Int64Array

    def edges_us(self, walls_s: Int64Array) -> Int64Array:
        """Turn ascending wall times into the first instants when the clock reads them or later.

        walls_s: seconds since 1970 on the wall, shape (n,). Answers microseconds since the epoch, shape (n,).
        """
        if not len(walls_s):
            return walls_s
        first, last = np.searchsorted(self.crests_s, walls_s[[0, -1]], side="right")
        if first == last:  # most spans of a few weeks, and zones without summer time
            flat: Int64Array = np.maximum(walls_s - self.offsets_s[first], self.instants_s[first]) * SECOND_US
            return flat
        bounds = np.zeros(last - first + 2, dtype=np.intp)
        bounds[1:-1] = np.searchsorted(walls_s, self.crests_s[first:last])
        bounds[-1] = len(walls_s)
        counts = bounds[1:] - bounds[:-1]
        edges = walls_s - self.offsets_s[first : last + 1].repeat(counts)
        np.maximum(edges, self.instants_s[first : last + 1].repeat(counts), out=edges)
        edges *= SECOND_US
        return edges

    def edges_anyhow_us(self, walls_us: Int64Array) -> Int64Array:
        """Do the same for wall times in microseconds and in any order, more slowly."""
        eras = np.searchsorted(self.crests_s, walls_us // SECOND_US, side="right")
        edges: Int64Array = np.maximum(
            walls_us - self.offsets_s[eras] * SECOND_US, self.instants_s[eras] * SECOND_US
        )
        return edges

    def edge_us(self, wall_s: int) -> int:
        """Turn one wall time, in seconds since 1970, into the first instant that reads it or later."""
        era = int(np.searchsorted(self.crests_s, wall_s, side="right"))
        return max(wall_s - int(self.offsets_s[era]), int(self.instants_s[era])) * SECOND_US

    def walls_us(self, instants_us: Int64Array) -> Int64Array:
        """Turn instants, in any order, into what the wall clock reads then, both in microseconds."""
        eras = np.searchsorted(self.instants_s, instants_us // SECOND_US, side="right") - 1
        return instants_us + self.offsets_s[eras] * SECOND_US

    def wall_us(self, instant_us: int) -> int:
        """Turn one instant into what the wall clock reads then, in microseconds since 1970."""
        era = int(np.searchsorted(self.instants_s, instant_us // SECOND_US, side="right")) - 1
        return instant_us + int(self.offsets_s[era]) * SECOND_US


class ZoneDatabase:
    """Zone files by key, parsed once each; `version` names the edition that they belong to."""

    def __init__(
        self, version: str, read: Callable[[str], bytes], keys: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """`read` answers the TZif bytes of a key and raises KeyError for one that it does not know.

        `keys` answers those that it knows, to tell which one was meant.
        """
        self.version = version
        self._read = read
        self._keys = keys
        self._rules: dict[str, ZoneRules] = {}

    def rules(self, key: str) -> ZoneRules:
        """Answer the rules of a zone. Raises ZoneUnknownError."""
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = _parse(self._bytes(key))
        return found

    def zone(self, key: str) -> ZoneInfo:
        """Answer the zone as a tzinfo. Raises ZoneUnknownError."""
        return ZoneInfo.from_file(io.BytesIO(self._bytes(key)), key=key)

    def _bytes(self, key: str) -> bytes:
        try:
            return self._read(key)
        except KeyError:
            shown = str(key)[:60]
            near = _near(shown, self._keys())
            meant = f"; is {' or '.join(map(repr, near))} meant?" if near else ""
            raise ZoneUnknownError(
                f"{shown!r} is no zone of tzdata {self.version}{meant}", field="zone"
            ) from None


class _Package:
    """The files of the tzdata package; only keys in its own list are ever opened."""

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())

    def read(self, key: str) -> bytes:
        if key not in self.keys:
            raise KeyError(key)
        return files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes()


_PACKAGE: Final = _Package()
PACKAGED: Final = ZoneDatabase(TZDATA_VERSION, _PACKAGE.read, lambda: _PACKAGE.keys)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Answer a zone of the tzdata package by its IANA name. Raises ZoneUnknownError."""
    return PACKAGED.zone(name)


def _near(name: str, keys: Iterable[str]) -> list[str]:
    """List the zones, two at most, that a name may mean: nearly that, in any case, or a city alone."""
    known: dict[str, str] = {}
    for key in sorted(keys):
        known[key.rpartition("/")[2].casefold()] = known[key.casefold()] = key
    found = get_close_matches(name.casefold(), known, n=2, cutoff=0.8)
    return list(dict.fromkeys(known[each] for each in found))


def _parse(content: bytes) -> ZoneRules:
    starts: list[int] = []
    offsets: list[int] = []
    for instant, offset in _changes(content):
        if not offsets or offset != offsets[-1]:
            starts.append(instant)
            offsets.append(offset)
    instants_s = np.array(starts, dtype=np.int64)
    offsets_s = np.array(offsets, dtype=np.int64)
    ends_s = np.append(instants_s[1:], _FOREVER_S) + offsets_s
    return ZoneRules(instants_s, offsets_s, np.maximum.accumulate(ends_s))


def _changes(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield (instant, offset from then on), in seconds, of a TZif file of version 2 or later (RFC 8536)."""
    magic, version, *counts = _HEADER.unpack_from(content)
    if magic != b"TZif" or version < b"2":
        raise ValueError("a zone file of TZif version 2 or later is needed")
    at = _HEADER.size + _block_size(counts, 4)
    _, _, *counts = _HEADER.unpack_from(content, at)
    _, _, _, times, types, _ = counts
    body = at + _HEADER.size
    instants = struct.unpack_from(f">{times}q", content, body)
    kinds = content[body + 8 * times : body + 9 * times]
    offsets = [struct.unpack_from(">l", content, body + 9 * times + 6 * kind)[0] for kind in range(types)]
    yield -_FOREVER_S, offsets[0]
    yield from zip(instants, (offsets[kind] for kind in kinds), strict=True)
    footer = content[body + _block_size(counts, 8) :].strip(b"\n").decode("ascii")
    if footer:
        yield from _after(footer, instants[-1] if instants else -_FOREVER_S)


def _after(footer: str, last_s: int) -> Iterator[tuple[int, int]]:
    """Yield the changes that the footer's rule makes after the last one in the file."""
    rule = read_posix_rule(footer)
    if rule.summer_s is None:
        yield last_s, rule.standard_s
        return
    first_year = max(1970 + last_s // 31_556_952 - 1, 1800)
    years = range(first_year, REACH_LAST.year + 2)
    changes = [change for year in years for change in rule.transitions(year)]
    # The rule holds at once: the change before the last one in the file sets the offset there.
    yield last_s, next(offset for instant, offset in reversed(changes) if instant <= last_s)
    yield from (change for change in changes if change[0] > last_s)


def _block_size(counts: list[int], width: int) -> int:
    utc_marks, standard_marks, leaps, times, types, letters = counts
    return times * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard_marks + utc_marks
