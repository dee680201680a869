"""Global ids: one string that names a thing of any type, as Relay asks for.

The string is base64url over a JSON array: the type's name, then what the tenant itself calls the thing. It
holds no tenant: an id taken to another tenant finds nothing there.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from gateway.domain.errors import GlobalIdInvalidError

__all__ = ["Part", "decode_global_id", "encode_global_id"]

MAX_CHARACTERS = 2_000

Part = str | int


def encode_global_id(type_name: str, *parts: Part) -> str:
    """Return the id of the thing of that type which `parts` name."""
    raw = msgspec.json.encode([type_name, *parts])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode_global_id(value: str) -> tuple[str, tuple[Part, ...]]:
    """Return the type's name and the parts of an id; raises GlobalIdInvalidError for any other string."""
    if len(value) > MAX_CHARACTERS:
        raise GlobalIdInvalidError(f"an id has at most {MAX_CHARACTERS:,} characters", field="id")
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        type_name, *parts = msgspec.json.decode(raw, type=list[Part])
    except (binascii.Error, ValueError) as error:
        raise GlobalIdInvalidError(f"{value[:80]!r} is not an id made by this API", field="id") from error
    if not isinstance(type_name, str):
        raise GlobalIdInvalidError(f"{value[:80]!r} is not an id made by this API", field="id")
    return type_name, tuple(parts)
