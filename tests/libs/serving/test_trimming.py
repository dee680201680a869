from __future__ import annotations

import pytest

from pgstore.database import Database
from pgstore.errors import DatabaseUnavailableError
from pgstore.migrations import migrate
from pgstore.trimming import Retention
from serving.trimming import Trimming
from tests.libs.pgstore.conftest import NOTES


async def test_one_services_tables_keep_no_others_from_being_trimmed(database_url: str) -> None:
    """Where the first schema cannot be trimmed, the next is; and the loop goes on."""
    await migrate(database_url, [NOTES])
    gone, well = [await Database.open(database_url, schema="notes", max_size=1) for _ in range(2)]
    await gone.close()
    trimming = Trimming({"gone": gone, "notes": well}, Retention())
    with pytest.raises(DatabaseUnavailableError):
        await gone.ping()
    assert await trimming.trim_once() > 0
    await trimming.check()
    await well.close()
