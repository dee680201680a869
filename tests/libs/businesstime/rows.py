"""Answers for rows, taken apart into those for single questions."""

from __future__ import annotations

from itertools import pairwise

from businesstime import Segment, SegmentRows

__all__ = ["segments_of"]


def segments_of(found: SegmentRows) -> list[tuple[Segment, ...]]:
    """Answer each row's segments as the scalar question does."""
    pieces = [
        Segment(start_us, end_us, is_open, *found.reasons[code])
        for start_us, end_us, is_open, code in zip(
            found.start_us.tolist(),
            found.end_us.tolist(),
            found.is_open.tolist(),
            found.codes.tolist(),
            strict=True,
        )
    ]
    return [tuple(pieces[first:last]) for first, last in pairwise(found.firsts.tolist())]
