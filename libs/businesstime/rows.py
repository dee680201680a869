"""What goes into questions for arrays, made one: int64 microseconds in one dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from businesstime.errors import NeverOpensError, OutOfReachError, RowsInvalidError
from businesstime.instants import REACH_END_US, REACH_FIRST, REACH_LAST, REACH_START_US
from businesstime.zones import Int64Array

__all__ = ["Rows", "as_durations", "as_instants", "as_integers", "runs", "spread"]

_STAMPS: Final = np.dtype("datetime64[us]")
_FIRST_YEAR: Final = REACH_FIRST.year - 1970
_LAST_YEAR: Final = REACH_LAST.year - 1970
_LONGEST: Final = np.timedelta64(REACH_END_US - REACH_START_US, "us")

# An array, or one row as a plain or a numpy scalar.
Rows = npt.NDArray[Any] | np.generic | int


def as_instants(values: Rows) -> tuple[Int64Array, Callable[[Int64Array], npt.NDArray[Any]]]:
    """Answer instants as int64 µs, and what turns answers into the kind given. Raises RowsInvalidError."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        if np.isnat(array).any():
            raise RowsInvalidError("NaT is no instant")
        if array.dtype != _STAMPS:
            years = array.astype("datetime64[Y]").astype(np.int64)
            if ((years < _FIRST_YEAR) | (years > _LAST_YEAR)).any():  # as microseconds they might wrap around
                raise OutOfReachError("it goes beyond the years 1800 to 2399, which are what is computed")
        return array.astype(_STAMPS, copy=False).view(np.int64), lambda answer: answer.view(_STAMPS)
    return as_integers(array), lambda answer: answer


def as_durations(values: Rows) -> Int64Array:
    """Answer durations as int64 µs. Raises RowsInvalidError."""
    array = np.asarray(values)
    if array.dtype.kind == "m":
        return _as_microseconds(array)
    return as_integers(array)


def spread(*arrays: Int64Array) -> tuple[tuple[Int64Array, ...], tuple[int, ...]]:
    """Broadcast arrays together and flatten them; answers them and their shape. Raises RowsInvalidError."""
    try:
        together = np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = " and ".join(str(each.shape) for each in arrays)
        raise RowsInvalidError(f"the shapes {shapes} do not go together") from None
    return tuple(each.reshape(-1) for each in together), together[0].shape


def as_integers(values: Rows) -> Int64Array:
    """Answer whole numbers as int64. Raises RowsInvalidError."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise RowsInvalidError(f"whole microseconds or datetime64 are needed, not {array.dtype}")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:  # would wrap
        raise OutOfReachError("it goes beyond the years 1800 to 2399, which are what is computed")
    return array.astype(np.int64, copy=False)


def _as_microseconds(array: npt.NDArray[np.timedelta64]) -> Int64Array:
    """Turn timedelta64 into int64 µs. Raises RowsInvalidError; NeverOpensError for what would wrap around."""
    if np.isnat(array).any():
        raise RowsInvalidError("NaT is no duration")
    unit, _ = np.datetime_data(array.dtype)
    if unit in {"Y", "M", "generic"}:
        raise RowsInvalidError(f"timedelta64 in {unit} has no one length: give microseconds, hours or days")
    if unit in {"W", "D", "h", "m", "s", "ms"} and (abs(array) > _LONGEST.astype(array.dtype)).any():
        raise NeverOpensError("no schedule is open for so long in the years 1800 to 2399")
    return array.astype("timedelta64[us]").view(np.int64)


def runs(firsts: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], ...]:
    """Lay out for each row i counts[i] places from firsts[i] on: answers rows and places, flat."""
    rows = np.repeat(np.arange(len(counts)), counts)
    stops = np.cumsum(counts)
    return rows, np.arange(len(rows)) + np.repeat(firsts - stops + counts, counts)
