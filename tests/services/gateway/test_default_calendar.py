"""The tenant's default Calendar and what chose a Cycle's rules, through GraphQL."""

from __future__ import annotations

from gateway.domain.global_id import encode_global_id
from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import (
    CALENDAR,
    CREATE_CALENDAR,
    ERRORS,
    INGEST,
    POLICY,
    SAVE_POLICY,
    event,
)

DEFAULT = "defaultCalendar { calendarKey version calendar { name } versions { version effectiveFrom } }"
SET = f"""mutation ($key: String!, $version: Int) {{
  setDefaultCalendar(input: {{calendarKey: $key, expectedVersion: $version}}) {{ {DEFAULT} {ERRORS} }}
}}"""
NODE = """query ($id: ID!) { node(id: $id) { id ... on Cycle {
  calendarRule
  choice { covers targetWhen targetPlace targetByHand calendarRule calendarAttribute defaultVersion }
} } }"""


async def test_a_default_is_set_and_chooses(api: Api) -> None:
    """Null before; refused by its field; then it is the answer to which rule chose the Calendar."""
    assert await api.ask(f"{{ {DEFAULT} }}") == {"defaultCalendar": None}
    payload = (await api.ask(SET, {"key": "nowhere", "version": 0}))["setDefaultCalendar"]
    (error,) = payload["errors"]
    assert (error["code"], error["field"]) == ("calendar_unknown", "calendarKey")
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "x", "document": CALENDAR}})
    payload = (await api.ask(SET, {"key": "sao-paulo", "version": 0}))["setDefaultCalendar"]
    assert payload["errors"] == []
    assert (await api.ask(f"{{ {DEFAULT} }}")) == {"defaultCalendar": payload["defaultCalendar"]}
    assert payload["defaultCalendar"]["calendar"] == {"name": "x"}
    document = {name: value for name, value in POLICY.items() if name != "calendars"}
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": document}})
    await api.ask(INGEST, {"events": [event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)]})
    cycle_id = encode_global_id("Cycle", "INC1", "resolution", "resolution", 1)
    node = (await api.ask(NODE, {"id": cycle_id}))["node"]
    assert node["calendarRule"] == node["choice"]["calendarRule"] == "tenant_default"
    assert (node["choice"]["defaultVersion"], node["choice"]["targetByHand"]) == (1, False)
    missing = encode_global_id("Cycle", "INC1", "resolution", "resolution", 2)
    assert (await api.ask(NODE, {"id": missing}))["node"] is None
