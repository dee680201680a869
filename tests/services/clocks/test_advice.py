"""What is saved and has no effect, and what does not count, through both sides of the door."""

from __future__ import annotations

from clocks.contract import Clocks, IngestEvents, ReadUncounted, SavePolicy
from serving.context import RequestContext
from tests.services.clocks.stories import SUPPORT, at, event

PROMISED = {"name": "Promised", "until": {"attribute": "promised_at"}}
DOCUMENT = SUPPORT | {"metrics": {"delivery": {"start": "true", "stop": "false", "targets": [PROMISED]}}}


async def test_a_target_that_is_never_chosen_is_saved_and_told(
    door: Clocks, context: RequestContext, office: str
) -> None:
    """Saving answers with its place; a policy without such a thing has no advice."""
    assert office == "office"
    plain = await door.save_policy(context, SavePolicy(key="plain", document=SUPPORT))
    assert plain.advice == ()
    metric = SUPPORT["metrics"]["resolution"]
    swapped = metric | {"targets": list(reversed(metric["targets"]))}
    document = SUPPORT | {"metrics": {"resolution": swapped}}
    saved = await door.save_policy(context, SavePolicy(key="swapped", document=document))
    assert [(each.code, each.field) for each in saved.advice] == [
        ("target_unreachable", "document.metrics.resolution.targets[1].when")
    ]


async def test_what_does_not_count_says_why(door: Clocks, context: RequestContext, office: str) -> None:
    """A promise that cannot be read is named with what stands there; once it can be, nothing is wanting."""
    assert office == "office"
    await door.save_policy(context, SavePolicy(key="orders", document=DOCUMENT))
    first = event("e1", "O1", "2026-03-02T09:00", promised_at="05/06/2026")
    await door.ingest_events(context, IngestEvents(events=(first,)))
    (missed,) = (await door.read_uncounted(context, ReadUncounted(subject_id="O1"))).metrics
    assert (missed.policy_key, missed.metric, missed.event_id) == ("orders", "delivery", "e1")
    assert (missed.why, missed.target, missed.attribute) == ("term_unreadable", "Promised", "promised_at")
    assert missed.message == (
        "the start holds, but target 'Promised' is due at the attribute promised_at, "
        "which is '05/06/2026': no RFC 3339 instant and no date"
    )
    assert missed.occurred_at == at("2026-03-02T09:00")
    second = event("e2", "O1", "2026-03-02T10:00", promised_at="2026-06-05")
    await door.ingest_events(context, IngestEvents(events=(second,)))
    assert (await door.read_uncounted(context, ReadUncounted(subject_id="O1"))).metrics == ()
