"""The seed of a run's stories: another one each time, or the one that a failure has printed."""

from __future__ import annotations

import os
import secrets

__all__ = ["HOW_TO_REPEAT", "SEED"]

_VARIABLE = "MEANTIME_STORY_SEED"

SEED = int(os.environ.get(_VARIABLE) or secrets.randbits(32))
"""Whoever sets the variable is told the same stories again."""

HOW_TO_REPEAT = f"{_VARIABLE}={SEED}"
"""A note beside every story, which is printed when it fails."""
