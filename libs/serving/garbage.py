"""The garbage collector of a process that serves: it looks less often, and not at what was there at first.

What requests leave behind is freed when its last reference goes. The collector is for references in a circle,
of which there are few, and at its stock settings it walks over all that a batch of events has allocated many
times a batch.
"""

from __future__ import annotations

import gc

__all__ = ["settle_garbage"]

_ALLOCATIONS = 50_000
_YOUNG_TURNS = 20
_OLD_TURNS = 50


def settle_garbage() -> None:
    """Leave all that lives now out of collection, and collect after more allocations. Call it once up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, _YOUNG_TURNS, _OLD_TURNS)
