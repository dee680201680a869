"""A story that fails is printed, with the seed that tells it again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FAILING = """
from hypothesis import Phase, given, note, seed, settings
from tests.scenarios.story import Story, as_json
from tests.scenarios.story_seed import HOW_TO_REPEAT, SEED
from tests.scenarios.story_strategies import stories


@seed(SEED)
@given(story=stories)
@settings(print_blob=True, database=None, phases=[Phase.generate])
def test_fails(story: Story) -> None:
    note(f"{HOW_TO_REPEAT}\\n{as_json(story)}")
    assert not story.facts
"""


def test_a_failing_story_prints_itself_and_its_seed(tmp_path: Path) -> None:
    """The seed, the story and hypothesis' own way to repeat it; told again by the seed, it is the same."""
    file = tmp_path / "test_failing.py"
    file.write_text(FAILING)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n0",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
    ]
    told = [
        subprocess.run(  # noqa: S603 - a file of our own, by this interpreter
            [*command, "-p", "tests.conftest", str(file)],
            env={**os.environ, "MEANTIME_STORY_SEED": "4711"},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for _ in range(2)
    ]
    stories = [[line for line in text.splitlines() if '{"calendars":' in line] for text in told]
    assert all("MEANTIME_STORY_SEED=4711" in text and "@reproduce_failure" in text for text in told)
    assert stories[0]
    assert stories[0] == stories[1]
