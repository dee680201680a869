"""The console's files: nothing from elsewhere, nothing inline, and no query that the schema does not know."""

from __future__ import annotations

import re

import pytest
from graphql import parse, validate

from console.files import ConsoleFile, read_files
from gateway.schema.build import executable_schema
from gateway.schema.documents import Documents

FILES = {file.path: file for file in read_files()}

QUERY = re.compile(r"[`\"]((?:query\b[^`\"]*|\{ \w[^`\"]*)\{[^`\"]*\})[`\"]")
LINK = re.compile(r"""(?:src|href)="([^"]+)"|from "([^"]+)"|import\("([^"]+)"\)""")


def text_of(file: ConsoleFile) -> str:
    """Return a file's text."""
    return file.content.decode("utf-8")


def queries() -> list[str]:
    """Return all queries in the scripts."""
    return [
        query
        for file in FILES.values()
        if file.path.endswith(".js")
        for query in QUERY.findall(text_of(file))
    ]


def test_page_is_at_the_root() -> None:
    """The page is served at `/`, with its scripts and styles beside it."""
    assert FILES["/"].media_type == "text/html"
    assert {"/console.css", "/console.js", "/favicon.svg"} <= FILES.keys()


@pytest.mark.parametrize("path", sorted(FILES))
def test_nothing_comes_from_elsewhere(path: str) -> None:
    """Each link leads to a file of the console: it works without the internet and under a strict policy."""
    for link in LINK.findall(text_of(FILES[path])):
        target = next(part for part in link if part)
        assert target.startswith("#") or target in FILES, target


def test_page_has_nothing_inline() -> None:
    """No inline script, style or handler: the policy forbids them, so they would not run."""
    page = text_of(FILES["/"])
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page)


def test_tenants_text_never_becomes_markup() -> None:
    """The scripts make elements; none writes HTML."""
    for file in FILES.values():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text_of(file))


@pytest.mark.parametrize("query", queries(), ids=range(len(queries())))
def test_queries_fit_the_schema(query: str) -> None:
    """Every query of the console is valid, and within the gateway's limits for its largest page."""
    assert validate(executable_schema(), parse(query)) == []
    sizes = dict.fromkeys(re.findall(r"first: \$(\w+)", query), 200)
    assert not isinstance(Documents(executable_schema()).prepare(query, sizes), list)


def test_all_queries_are_found() -> None:
    """The pattern that finds the queries finds as many as there are calls that ask one."""
    assert len(queries()) == 5
