"""Documents and queries that the tests of the gateway share."""

from __future__ import annotations

from typing import Any

__all__ = [
    "AGREEMENT",
    "ASSESSMENT",
    "CALENDAR",
    "CLOSE_STATEMENT",
    "CREATE_CALENDAR",
    "CYCLES",
    "INGEST",
    "POLICY",
    "SAVE_AGREEMENT",
    "SAVE_POLICY",
    "event",
]

CALENDAR: dict[str, Any] = {
    "zone": "America/Sao_Paulo",
    "hours": {"mon-fri": ["08:00-18:00"]},
    "holidays": [{"country": "BR"}],
}

POLICY: dict[str, Any] = {
    "name": "Resolution of incidents",
    "calendars": {"default": "sao-paulo"},
    "metrics": {
        "resolution": {
            "start": "true",
            "pause": 'subject.state == "Awaiting"',
            "stop": 'subject.state == "Resolved"',
            "targets": [
                {"name": "P1", "when": 'subject.priority == "1"', "duration": "4h"},
                {"name": "P2", "when": "true", "duration": "8h"},
            ],
        }
    },
}

AGREEMENT: dict[str, Any] = {
    "customer": "ACME",
    "zone": "America/Sao_Paulo",
    "currency": "BRL",
    "period": "month",
    "fee": "10000.00",
    "rounding": "half_up",
    "levels": [
        {
            "key": "resolution",
            "measure": {"kind": "attainment", "policy": "resolution", "metric": "resolution"},
            "comparison": ">=",
            "objective": "95%",
            "no_data": "met",
            "credit": {
                "kind": "tiered",
                "share_of": "fee",
                "tiers": [
                    {"at_least": "90%", "below": "95%", "share": "5%"},
                    {"below": "90%", "share": "10%"},
                ],
            },
        }
    ],
    "cap": {"share_of_fee": "15%"},
}

ERRORS = "errors { code kind field message }"

CREATE_CALENDAR = f"""mutation ($input: CreateCalendarInput!, $key: String) {{
  createCalendar(input: $input, idempotencyKey: $key) {{
    calendar {{ id key name version versions {{ version mode effectiveFrom document createdBy }} }}
    {ERRORS}
  }}
}}"""

SAVE_POLICY = f"""mutation ($input: SavePolicyInput!, $key: String) {{
  savePolicy(input: $input, idempotencyKey: $key) {{
    policy {{ id key name version versions {{ version document }} }}
    {ERRORS}
  }}
}}"""

INGEST = f"""mutation ($events: [EventInput!]!, $key: String) {{
  ingestEvents(input: {{events: $events}}, idempotencyKey: $key) {{
    accepted duplicates refused {{ index eventId code field message }}
    {ERRORS}
  }}
}}"""

SAVE_AGREEMENT = f"""mutation ($input: SaveAgreementInput!) {{
  saveAgreement(input: $input) {{ agreement {{ id key customer version }} {ERRORS} }}
}}"""

CLOSE_STATEMENT = f"""mutation ($input: CloseStatementInput!) {{
  closeStatement(input: $input) {{
    statement {{ id number closedBy assessment {{ amountMinor inputsHash }} }}
    {ERRORS}
  }}
}}"""

CYCLES = """query ($phase: Phase, $outcome: Outcome, $first: Int! = 50, $after: String) {
  cycles(phase: $phase, outcome: $outcome, first: $first, after: $after) {
    edges {
      cursor
      node {
        id subjectId policyKey policyVersion metric cycle target targetUs calendarKey calendarRule phase
        outcome startedAt dueAt breachedAt stoppedAt elapsedUs remainingUs ticking revision
        calendar { key name } policy { key name }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""

ASSESSMENT = """query ($key: String!, $period: String!) {
  assessment(agreementKey: $key, period: $period) {
    period startsAt endsAt currency beforeCapMinor amountMinor inputsHash
    agreement { customer }
    credits { level verdict amountMinor measurement { numerator denominator } }
    steps { step detail result }
  }
}"""


def event(subject: str, occurred_at: str, state: str, *, number: int, priority: str = "1") -> dict[str, Any]:
    """Make the n-th event of a Subject."""
    return {
        "eventId": f"{subject}-{number}",
        "subjectId": subject,
        "occurredAt": occurred_at,
        "type": "updated",
        "sequence": number,
        "attributes": {"state": state, "priority": priority},
    }
