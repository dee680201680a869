"""The garbage collector, settled."""

from __future__ import annotations

import gc

from serving.garbage import settle_garbage


def test_what_lives_at_the_start_is_left_out_and_circles_are_still_freed() -> None:
    """After settling, what was there is frozen, and a circle made later is collected."""
    stock = gc.get_threshold()
    try:
        settle_garbage()
        assert gc.get_freeze_count() > 0
        assert gc.isenabled()
        assert gc.get_threshold()[0] > stock[0]
        circle: list[object] = []
        circle.append(circle)
        del circle
        assert gc.collect() > 0
    finally:
        gc.set_threshold(*stock)
        gc.unfreeze()
