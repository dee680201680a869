"""The token of a plan, which two services have a half of."""

from __future__ import annotations

from clocks.contract import CheckCalendarPlan, Clocks
from serving.context import RequestContext

__all__ = ["check_token", "join_tokens"]


def join_tokens(calendars: str, clocks: str) -> str:
    """Make the one token of a plan from those of its halves."""
    return f"{calendars}.{clocks}"


async def check_token(clocks: Clocks, context: RequestContext, token: str | None) -> str | None:
    """Return the calendars' half of a token, once the clocks' half is found to hold; raises what they raise.

    An event may still come between this and the amendment itself, as it may right after it.
    """
    if token is None:
        return None
    half, _, theirs = token.partition(".")
    if theirs:
        await clocks.check_calendar_plan(context, CheckCalendarPlan(plan_token=theirs))
    return half
