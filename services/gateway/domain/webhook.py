"""Webhooks: where a tenant wants its messages, and what is owed to each."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NewType
from urllib.parse import urlsplit

import msgspec

from gateway.domain.errors import WebhookInvalidError
from gateway.domain.message import Message, MessageFilter
from gateway.domain.tenant import TenantId
from serving.outgoing import Network, check_address

__all__ = [
    "Delivery",
    "DeliveryState",
    "Webhook",
    "WebhookId",
    "check_in_flight",
    "check_url",
    "check_webhook_name",
    "make_secret",
    "new_webhook_id",
]

WebhookId = NewType("WebhookId", str)

DeliveryState = Literal["PENDING", "DELIVERED", "DEAD"]

MAX_NAME_CHARACTERS = 200
MAX_IN_FLIGHT = 32
SECRET_BYTES = 32


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint and which messages it gets.

    wanted: the filter. max_in_flight: how many requests it gets at once; with 1, first attempts come in
    order. previous_until: until when the secret before the last rotation signs too; None: there is none.
    disabled_at, disabled_reason: since when and why it gets nothing. failures: in a row. held_until: it is
    left alone until then, after failures in a row.
    """

    tenant_id: TenantId
    webhook_id: WebhookId
    name: str
    url: str
    wanted: MessageFilter
    max_in_flight: int
    created_at: datetime
    created_by: str
    previous_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    failures: int = 0
    held_until: datetime | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message owed to one webhook.

    attempts: how often it was tried since it was owed or replayed. last_status: of HTTP; None where there
    was no answer, and last_error says why.
    """

    webhook_id: WebhookId
    message: Message
    state: DeliveryState
    attempts: int
    owed_since: datetime
    next_attempt_at: datetime
    last_attempt_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    delivered_at: datetime | None = None


def new_webhook_id() -> WebhookId:
    """Make an id that nobody can guess."""
    return WebhookId(f"we_{secrets.token_hex(8)}")


def make_secret() -> str:
    """Make a secret as Standard Webhooks writes them: `whsec_` and 256 random bits in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode('ascii')}"


def check_webhook_name(name: str) -> str:
    """Return a webhook's name if it is one; raises WebhookInvalidError."""
    if not 1 <= len(name.strip()) <= MAX_NAME_CHARACTERS or "\x00" in name:
        raise WebhookInvalidError(f"a name has 1 to {MAX_NAME_CHARACTERS} characters", field="name")
    return name.strip()


def check_in_flight(max_in_flight: int) -> int:
    """Return the number if it is within bounds; raises WebhookInvalidError."""
    if not 1 <= max_in_flight <= MAX_IN_FLIGHT:
        raise WebhookInvalidError(f"maxInFlight is 1 to {MAX_IN_FLIGHT}", field="max_in_flight")
    return max_in_flight


def check_url(url: str, *, networks: Sequence[Network]) -> str:
    """Return a webhook's URL if messages could be sent there.

    networks: those of the operator's own that may be reached; plain http is for them alone. Where a host's
    name leads is looked at each time something is sent. Raises AddressRefusedError, WebhookInvalidError.
    """
    check_address(url, allowed=networks)
    parts = urlsplit(url)
    if parts.scheme != "https" and not networks:
        raise refuse_url("must begin with https://")
    if parts.fragment:
        raise refuse_url("must hold no #fragment, which is not sent")
    return url


def refuse_url(reason: str) -> WebhookInvalidError:
    """Make the refusal of a URL, which does not repeat it."""
    return WebhookInvalidError(f"the url {reason}", field="url")
