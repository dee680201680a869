"""How values of PostgreSQL become Python values, the same on every connection of ours."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["set_codecs"]

_JSONB_VERSION = b"\x01"


def _encode_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(data: bytes) -> Any:
    return msgspec.json.decode(data[1:])


async def set_codecs(connection: Any) -> None:
    """Make jsonb take and give Python objects: dicts, lists, msgspec structs, or `msgspec.Raw` as it is."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )
