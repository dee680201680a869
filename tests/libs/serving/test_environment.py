from __future__ import annotations

import pytest

from serving.environment import SettingError, read_number, read_secret, read_url, read_url_or_none
from serving.telemetry import log_style

DATABASE = ("postgresql", "postgres")


def test_what_is_set_is_read() -> None:
    """Values come without the space around them."""
    environ = {
        "URL": " postgres://db/meantime ",
        "SECRET": "s" * 32,
        "PORT": " 8700 ",
        "MEANTIME_LOG": "json",
    }
    assert read_url(environ, "URL", schemes=DATABASE) == "postgres://db/meantime"
    assert read_url_or_none(environ, "URL", schemes=DATABASE) == "postgres://db/meantime"
    assert read_url_or_none({"URL": ""}, "URL", schemes=DATABASE) is None
    assert read_secret(environ, "SECRET") == "s" * 32
    assert read_number(environ, "PORT", default=1, least=0, most=65535) == 8700
    assert read_number({}, "PORT", default=1, least=0, most=65535) == 1
    assert (log_style(environ), log_style({})) == ("json", "console")


@pytest.mark.parametrize("value", ["", "db/meantime", "mysql://u:hush@db/meantime", "postgres://[hush/x"])
def test_a_wrong_url_is_told_by_its_variable(value: str) -> None:
    """The message names the variable and the scheme, and quotes nothing."""
    with pytest.raises(SettingError, match=r"^URL .*postgresql://") as refused:
        read_url({"URL": value}, "URL", schemes=DATABASE)
    assert (refused.value.variable, refused.value.code) == ("URL", "setting_invalid")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("value", ["-1", "65536", "eighty", "80.0", "\u0668"])
def test_a_wrong_number_is_told_with_its_bounds(value: str) -> None:
    """The message names the variable and what would do."""
    with pytest.raises(SettingError, match=r"^PORT must be a whole number from 0 to 65535"):
        read_number({"PORT": value}, "PORT", default=1, least=0, most=65535)


def test_a_wrong_log_style_is_told() -> None:
    """Two styles there are."""
    with pytest.raises(SettingError, match=r"^MEANTIME_LOG must be console or json"):
        log_style({"MEANTIME_LOG": "xml"})
