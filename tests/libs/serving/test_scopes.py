from __future__ import annotations

import pytest

from serving.context import RequestContext
from serving.problems import Problem
from serving.scopes import require


def test_a_scope_that_is_held_lets_through(context: RequestContext) -> None:
    """Nothing happens to whoever may."""
    require(context, "read")


def test_a_scope_that_is_not_held_is_named(context: RequestContext) -> None:
    """The refusal says which scope is missing."""
    with pytest.raises(Problem, match="scope billing") as refused:
        require(context, "billing")
    assert (refused.value.code, refused.value.kind) == ("scope_missing", "forbidden")
