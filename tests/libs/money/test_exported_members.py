"""What the package exports."""

from __future__ import annotations

import money


def test_sorted_and_present() -> None:
    """`__all__` names each export once, and all of them exist."""
    assert len(set(money.__all__)) == len(money.__all__)
    assert all(hasattr(money, name) for name in money.__all__)
