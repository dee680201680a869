from __future__ import annotations

import pytest

from serving.redaction import REDACTED, redact, redact_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("postgresql://ada:hush@db:5432/meantime failed", "postgresql://ada:***@db:5432/meantime failed"),
        ("redis://:hush@cache:6379/0", "redis://:***@cache:6379/0"),
        ("postgresql://ada:hu@sh@db/meantime", "postgresql://ada:***@db/meantime"),
        ("host=db user=ada password=hush dbname=meantime", "host=db user=ada password=*** dbname=meantime"),
        (
            "postgresql:///m?host=/run&password=hush&user=ada",
            "postgresql:///m?host=/run&password=***&user=ada",
        ),
        ("{'password': 'hush', 'user': 'ada'}", "{'password': ***', 'user': 'ada'}"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic YWRhOmh1c2g='}", "{'authorization': 'Basic ***'}"),
        (f"key mt_acme-1_{'ab' * 32} refused", "key mt_acme-1_*** refused"),
        ("the basic schedule", "the basic schedule"),
        (f"token {JWT} refused", "token *** refused"),
        ("https://example.com/a:b?c=d", "https://example.com/a:b?c=d"),
        ("at 12:30 ada@example.com wrote", "at 12:30 ada@example.com wrote"),
        ("a token was refused", "a token was refused"),
    ],
)
def test_secrets_are_found_by_their_shape(text: str, redacted: str) -> None:
    """The secret goes, what helps to find the fault stays."""
    assert redact_text(text) == redacted


def test_secrets_are_found_by_their_name() -> None:
    """Whatever stands under a telling name goes, at any depth."""
    event = {
        "event": "opened",
        "database_password": "hush",
        "headers": {"Authorization": "Basic YWRh", "x-request-id": "r"},
        "keys": [{"api_key": "hush", "name": "ada"}],
        "token_count": True,
        "port": 5432,
        "nothing": None,
    }
    assert redact(event) == {
        "event": "opened",
        "database_password": REDACTED,
        "headers": {"Authorization": REDACTED, "x-request-id": "r"},
        "keys": [{"api_key": REDACTED, "name": "ada"}],
        "token_count": True,
        "port": 5432,
        "nothing": None,
    }


def test_objects_are_redacted_as_they_would_be_printed() -> None:
    """An exception or a URL object among the values is text in the end."""
    assert redact({"error": ValueError("postgres://a:hush@b/c")}) == {"error": "postgres://a:***@b/c"}
    deep: list[object] = ["postgres://a:hush@b/c"]
    for _ in range(20):
        deep = [deep]
    assert "hush" not in str(redact(deep))
