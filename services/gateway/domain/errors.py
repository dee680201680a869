"""Why the gateway refuses: one root, a class for each cause."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CredentialInvalidError",
    "CredentialMissingError",
    "CursorExpiredError",
    "CursorInvalidError",
    "DeliveryUnknownError",
    "DocumentInvalidError",
    "FilterInvalidError",
    "GatewayError",
    "GlobalIdInvalidError",
    "IdentityUnavailableError",
    "KeyNameInvalidError",
    "KeyUnknownError",
    "LimitExceededError",
    "PageTooLargeError",
    "ScopeUnknownError",
    "SecretSealedError",
    "TenantExistsError",
    "TenantIdInvalidError",
    "TenantUnknownError",
    "TooManyWebhooksError",
    "WebhookInvalidError",
    "WebhookUnknownError",
]


class GatewayError(Exception):
    """Anything the gateway refuses by itself; str(error) is the sentence for the caller.

    code: for programs; kind: which way it failed; field: the argument at fault, if one is.
    """

    code: ClassVar[str] = "gateway_error"
    kind: ClassVar[str] = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class CredentialMissingError(GatewayError):
    """No credential came with the request."""

    code = "credential_missing"
    kind = "unauthenticated"


class CredentialInvalidError(GatewayError):
    """The credential is malformed, unknown, revoked or expired; which of them is not told."""

    code = "credential_invalid"
    kind = "unauthenticated"


class TenantIdInvalidError(GatewayError):
    """A tenant id has letters, digits, `_` and `-` only, in lower case, and at most 63 of them."""

    code = "tenant_id_invalid"


class TenantExistsError(GatewayError):
    """A tenant of that id is there already."""

    code = "tenant_exists"
    kind = "conflict"


class TenantUnknownError(GatewayError):
    """No tenant of that id."""

    code = "tenant_unknown"
    kind = "not_found"


class ScopeUnknownError(GatewayError):
    """A scope that does not exist, or none at all."""

    code = "scope_unknown"


class IdentityUnavailableError(GatewayError):
    """The identity provider's keys cannot be read, so none of its tokens can be believed."""

    code = "identity_unavailable"
    kind = "unavailable"


class KeyNameInvalidError(GatewayError):
    """A key's name is 1 to 200 characters."""

    code = "key_name_invalid"


class KeyUnknownError(GatewayError):
    """No API key of that id in the tenant."""

    code = "key_unknown"
    kind = "not_found"


class GlobalIdInvalidError(GatewayError):
    """The id was not made by this API, or belongs to another type."""

    code = "id_invalid"


class CursorInvalidError(GatewayError):
    """The cursor was not made by this list."""

    code = "cursor_invalid"


class CursorExpiredError(GatewayError):
    """What came after the cursor is not kept any more."""

    code = "cursor_expired"
    kind = "too_late"


class PageTooLargeError(GatewayError):
    """`first` is below 1 or above the limit."""

    code = "page_too_large"


class DocumentInvalidError(GatewayError):
    """The request is no GraphQL request, or its document does not fit the schema."""

    code = "request_invalid"


class WebhookInvalidError(GatewayError):
    """A webhook's name, URL or bounds are none that a webhook can have."""

    code = "webhook_invalid"


class WebhookUnknownError(GatewayError):
    """No webhook of that id in the tenant."""

    code = "webhook_unknown"
    kind = "not_found"


class TooManyWebhooksError(GatewayError):
    """The tenant has as many webhooks as it may."""

    code = "too_many_webhooks"
    kind = "too_many"


class DeliveryUnknownError(GatewayError):
    """Nothing of that kind was owed to the webhook, or it is kept no longer."""

    code = "delivery_unknown"
    kind = "not_found"


class FilterInvalidError(GatewayError):
    """A filter of messages names too many values, or one that is no name."""

    code = "filter_invalid"


class SecretSealedError(GatewayError):
    """A webhook's secret was sealed with another key than the one at hand."""

    code = "secret_sealed"
    kind = "unavailable"


class LimitExceededError(GatewayError):
    """The document asks for more than one request may: says which limit, and how much.

    limit: the limit's name; allowed, found: in the limit's unit.
    """

    code = "limit_exceeded"
    kind = "too_many"

    def __init__(self, *, limit: str, allowed: int, found: int) -> None:
        amount = f"{found:,}" if found < CEILING else f"more than {CEILING:,}"
        super().__init__(f"the query's {limit} is {amount}; the limit is {allowed:,}")
        self.limit = limit
        self.allowed = allowed
        self.found = found


CEILING = 10**9
