"""The compact binary form of a Timeline: header, schedule document, and edges as compressed differences.

    offset  bytes  what
    0       4      b"MTTL"
    4       1      version of the form
    5       1      bytes of one difference: 1, 2, 4 or 8
    6       2      length of the data editions
    8       4      CRC-32 of everything after it
    12      8      start of the horizon, µs since the epoch
    20      8      end of the horizon
    28      8      unit of the differences, µs
    36      4      number of edges, even
    40      4      length of the compressed document
    44      -      data editions (ASCII), compressed document (JSON), compressed differences (little-endian)

The first difference is from the start of the horizon, so it may be zero; every other is positive.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

import numpy as np

from businesstime.coverage import Coverage
from businesstime.errors import BlobInvalidError
from businesstime.instants import REACH_END_US, REACH_START_US
from businesstime.zones import Int64Array

__all__ = ["Unpacked", "pack", "unpack", "unpack_document"]

_MAGIC: Final = b"MTTL"
_VERSION: Final = 1
_HEADER: Final = struct.Struct("<4sBBHIqqqII")
_AFTER_SUM: Final = 12
_MOST_EDGES: Final = 1 << 24
_LONGEST_DOCUMENT: Final = 1 << 24


class Unpacked(NamedTuple):
    """What a blob holds; the document is left compressed until someone asks for it."""

    coverage: Coverage
    editions: str
    document: bytes


def pack(coverage: Coverage, editions: str, document: bytes) -> bytes:
    """Write a Coverage, the editions of the data that it was made with, and its schedule's document."""
    edges = np.empty(2 * len(coverage.opens_us), dtype=np.int64)
    edges[0::2], edges[1::2] = coverage.opens_us, coverage.closes_us
    steps = np.diff(edges, prepend=coverage.start_us)
    unit = int(np.gcd.reduce(steps)) if len(steps) else 1
    steps = steps // (unit or 1)
    width = np.min_scalar_type(int(steps.max(initial=0))).itemsize
    compressed = zlib.compress(document, 9)
    body = editions.encode("ascii") + compressed + zlib.compress(steps.astype(f"<u{width}").tobytes(), 9)
    header = _HEADER.pack(
        _MAGIC,
        _VERSION,
        width,
        len(editions),
        0,
        coverage.start_us,
        coverage.end_us,
        unit or 1,
        len(steps),
        len(compressed),
    )
    total = zlib.crc32(body, zlib.crc32(header[_AFTER_SUM:]))
    return header[:8] + total.to_bytes(4, "little") + header[_AFTER_SUM:] + body


def unpack(blob: bytes) -> Unpacked:
    """Read what `pack` wrote, allocating no more than its length can hold. Raises BlobInvalidError."""
    if len(blob) < _HEADER.size or blob[:4] != _MAGIC:
        raise BlobInvalidError("these bytes are no Timeline")
    _, version, width, editions_length, total, start_us, end_us, unit, count, length = _HEADER.unpack_from(
        blob
    )
    if version != _VERSION:
        raise BlobInvalidError(f"this is version {version} of the form; version {_VERSION} is read here")
    if zlib.crc32(memoryview(blob)[_AFTER_SUM:]) != total:
        raise BlobInvalidError("the checksum differs: the bytes are damaged")
    if width not in {1, 2, 4, 8} or count > _MOST_EDGES or count % 2 or unit <= 0:
        raise BlobInvalidError("the header contradicts itself")
    if not REACH_START_US <= start_us <= end_us <= REACH_END_US:
        raise BlobInvalidError("the horizon lies outside the years 1800 to 2399")
    document_at = _HEADER.size + editions_length
    editions = blob[_HEADER.size : document_at].decode("ascii", "replace")
    steps = _inflate(blob[document_at + length :], count * width)
    edges = _edges(np.frombuffer(steps, dtype=f"<u{width}"), start_us, end_us, unit)
    coverage = Coverage(start_us, end_us, edges[0::2], edges[1::2])
    return Unpacked(coverage, editions, blob[document_at : document_at + length])


def unpack_document(compressed: bytes) -> bytes:
    """Inflate a blob's document. Raises BlobInvalidError."""
    reader = zlib.decompressobj()
    try:
        document = reader.decompress(compressed, _LONGEST_DOCUMENT)
    except zlib.error:
        raise BlobInvalidError("the document is damaged") from None
    if not reader.eof:
        raise BlobInvalidError("the document is cut short or too long")
    return document


def _inflate(compressed: bytes, size: int) -> bytes:
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(compressed, size + 1)
    except zlib.error:
        raise BlobInvalidError("the edges are damaged") from None
    if len(found) != size or not reader.eof or reader.unused_data:
        raise BlobInvalidError("the edges are not as many as the header says")
    return found


def _edges(
    steps: np.ndarray[tuple[int], np.dtype[np.unsignedinteger]], start_us: int, end_us: int, unit: int
) -> Int64Array:
    """Sum the differences up, if they ascend and stay in the horizon."""
    if not len(steps):
        return np.empty(0, dtype=np.int64)
    if not steps[1:].all():
        raise BlobInvalidError("the edges do not ascend")
    # In floating point first: a sum that is far too long would wrap around in 64 bits.
    if float(steps.sum(dtype=np.float64)) * unit > 2.0 * (REACH_END_US - REACH_START_US):
        raise BlobInvalidError("the edges leave the horizon")
    edges = np.cumsum(steps, dtype=np.int64)
    edges *= unit
    edges += start_us
    if edges[-1] > end_us:
        raise BlobInvalidError("the edges leave the horizon")
    return edges
