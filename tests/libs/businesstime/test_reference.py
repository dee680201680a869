from __future__ import annotations

from tests.libs.businesstime.reference import PAGE, reference


def test_the_reference_is_that_of_the_docstrings() -> None:
    """API.md is what `python -m tests.libs.businesstime.reference` writes."""
    assert PAGE.read_text("utf-8") == reference()
