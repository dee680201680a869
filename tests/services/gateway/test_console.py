"""The console as the gateway serves it."""

from __future__ import annotations

import pytest

from console.files import read_files
from tests.services.gateway.conftest import Api


@pytest.mark.parametrize("path", [file.path for file in read_files()])
async def test_files_are_served_under_a_strict_policy(api: Api, path: str) -> None:
    """Each file comes without a credential, with its type, under a policy that lets in nothing foreign."""
    reply = await api.holding(None).send("GET", path)
    assert reply.status == 200
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_unchanged_file_is_not_sent_again(api: Api) -> None:
    """A browser that has the file is told so."""
    first = await api.send("GET", "/console.js")
    again = await api.send("GET", "/console.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
