"""Everything that can be done: the table of contents of the API's writing half."""

from __future__ import annotations

from gateway.schema.action import ActOnClockPayload, act_on_clock
from gateway.schema.agreement import AgreementPayload, save_agreement
from gateway.schema.calendar import CalendarPayload, amend_calendar, create_calendar, revert_calendar
from gateway.schema.calendar_files import ApplyCalendarsPayload, apply_calendars
from gateway.schema.calendar_watch import AdoptZoneRulesPayload, adopt_zone_rules
from gateway.schema.closure_feed import (
    ClosureFeedPayload,
    OpenClosureFeedPayload,
    open_closure_feed,
    revoke_closure_feed,
)
from gateway.schema.declare import object_type, resolved
from gateway.schema.default_calendar import DefaultCalendarPayload, set_default_calendar
from gateway.schema.delivery import ReplayPayload, replay_deliveries
from gateway.schema.event import IngestEventsPayload, ingest_events
from gateway.schema.ics_decision import AcceptIcsEditionPayload, accept_ics_edition, dismiss_ics_edition
from gateway.schema.ics_source import (
    IcsSourcePayload,
    offer_ics_content,
    refresh_ics_source,
    save_ics_source,
)
from gateway.schema.policy import PolicyPayload, save_policy
from gateway.schema.statement import StatementPayload, close_statement
from gateway.schema.webhook_changes import (
    WebhookPayload,
    WebhookSecretPayload,
    create_webhook,
    delete_webhook,
    rotate_webhook_secret,
    update_webhook,
)

__all__ = ["Mutation"]


@object_type
class Mutation:
    """What can be done. A refusal stands in the payload's errors. With the same idempotencyKey, done once."""

    create_calendar: CalendarPayload = resolved(create_calendar)
    amend_calendar: CalendarPayload = resolved(amend_calendar)
    revert_calendar: CalendarPayload = resolved(revert_calendar)
    apply_calendars: ApplyCalendarsPayload = resolved(apply_calendars)
    save_ics_source: IcsSourcePayload = resolved(save_ics_source)
    offer_ics_content: IcsSourcePayload = resolved(offer_ics_content)
    refresh_ics_source: IcsSourcePayload = resolved(refresh_ics_source)
    accept_ics_edition: AcceptIcsEditionPayload = resolved(accept_ics_edition)
    dismiss_ics_edition: IcsSourcePayload = resolved(dismiss_ics_edition)
    open_closure_feed: OpenClosureFeedPayload = resolved(open_closure_feed)
    revoke_closure_feed: ClosureFeedPayload = resolved(revoke_closure_feed)
    adopt_zone_rules: AdoptZoneRulesPayload = resolved(adopt_zone_rules)
    save_policy: PolicyPayload = resolved(save_policy)
    set_default_calendar: DefaultCalendarPayload = resolved(set_default_calendar)
    ingest_events: IngestEventsPayload = resolved(ingest_events)
    act_on_clock: ActOnClockPayload = resolved(act_on_clock)
    save_agreement: AgreementPayload = resolved(save_agreement)
    close_statement: StatementPayload = resolved(close_statement)
    create_webhook: WebhookSecretPayload = resolved(create_webhook)
    update_webhook: WebhookPayload = resolved(update_webhook)
    rotate_webhook_secret: WebhookSecretPayload = resolved(rotate_webhook_secret)
    delete_webhook: WebhookPayload = resolved(delete_webhook)
    replay_deliveries: ReplayPayload = resolved(replay_deliveries)
