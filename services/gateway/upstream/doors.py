"""The three doors that the gateway leads to: services of this process, or clients of services elsewhere."""

from __future__ import annotations

from typing import NamedTuple

from calendars.contract import Calendars
from clocks.contract import Clocks
from credits.contract import Credits

__all__ = ["Doors"]


class Doors(NamedTuple):
    """One of each; the gateway cannot tell a service from its client."""

    calendars: Calendars
    clocks: Clocks
    credits: Credits
