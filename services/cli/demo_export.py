"""The demo's tickets as ServiceNow would export them: a row an update, wall times without a zone."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from businesstime import zone
from cli.demo_documents import SERVICENOW_EXAMPLES
from cli.demo_story import Ticket

__all__ = ["EXPORT_ZONE", "write_files"]

EXPORT_ZONE = "America/Sao_Paulo"

_HEADER = (
    "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,"
    "opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,"
    "location,category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,"
    "assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,"
    "closed_code,resolved_by,resolved_at,closed_at"
)
_UNKNOWN = "?"


def write_files(folder: Path, tickets: Iterable[Ticket], *, until: datetime) -> list[Path]:
    """Write `incidents.csv` with every update before `until`, and the documents that go with it."""
    folder.mkdir(parents=True, exist_ok=True)
    export = folder / "incidents.csv"
    with export.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _HEADER.split(","), restval=_UNKNOWN, lineterminator="\n")
        table.writeheader()
        for ticket in tickets:
            table.writerows(_rows(ticket, until))
    documents = sorted(SERVICENOW_EXAMPLES.glob("*.yaml"))
    return [export, *(Path(shutil.copyfile(one, folder / one.name)) for one in documents)]


def _rows(ticket: Ticket, until: datetime) -> Iterator[dict[str, Any]]:
    """Give the ticket's state after each update; the ends stand on every row, as ServiceNow has them."""
    updates = [update for update in ticket.updates if update.at < until]
    state: dict[str, Any] = {}
    ends = {
        column: next(
            (_wall(one.at) for one in reversed(updates) if one.changes.get("state") == end), _UNKNOWN
        )
        for column, end in (("resolved_at", "Resolved"), ("closed_at", "Closed"))
    }
    reopened = 0
    for count, update in enumerate(updates):
        state |= update.changes
        reopened += "reopened" in update.changes
        yield ends | {
            "number": ticket.number,
            "incident_state": state["state"],
            "active": str(state["state"] != "Closed").lower(),
            "reassignment_count": 0,
            "reopen_count": reopened,
            "sys_mod_count": count,
            "opened_at": _wall(ticket.updates[0].at),
            "sys_created_at": _wall(ticket.updates[0].at),
            "sys_updated_at": _wall(update.at),
            "contact_type": "Phone",
            "location": ticket.region,
            "category": state["category"],
            "priority": state["priority"],
            "assignment_group": state.get("group", _UNKNOWN),
        }


def _wall(instant: datetime) -> str:
    """Write an instant as the exporting instance's clock on the wall had it: D/M/YYYY HH:MM."""
    local = instant.astimezone(zone(EXPORT_ZONE))
    return f"{local.day}/{local.month}/{local.year} {local:%H:%M}"
