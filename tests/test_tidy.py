"""Style that no linter sees: names, sizes, and what must not stand in the tree."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("libs", "services")
PACKAGES = sorted(path.parent for source in SOURCES for path in (ROOT / source).glob("*/__init__.py"))
ROOMS = {
    "app.py",
    "client.py",
    "contract.py",
    "domain",
    "operations",
    "routes.py",
    "schema",
    "service.py",
    "settings.py",
    "storage",
    "upstream",
    "worker.py",
}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50


def tracked_files(*suffixes: str) -> list[Path]:
    """List the files that git tracks with one of the endings."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git from PATH, as the developer uses it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name.endswith(suffixes)]
    return [path for path in paths if path.is_file()]


def source_modules() -> list[Path]:
    """List the modules of libraries and services."""
    return [path for path in tracked_files(".py") if path.relative_to(ROOT).parts[0] in SOURCES]


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Parse a module and list its functions, nested ones included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_source_file_is_longer_than_a_reader_can_hold() -> None:
    """No module passes the length at which it should have been two."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in source_modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """No function passes the length at which it should have been two."""
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": length
        for path in source_modules()
        for node in functions_of(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_no_module_is_named_for_nothing() -> None:
    """A file is named for the noun or the verb inside it."""
    vague = [str(path.relative_to(ROOT)) for path in source_modules() if path.stem in VAGUE_NAMES]
    assert vague == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_library_and_service_has_a_readme_of_meaning(package: Path) -> None:
    """A README says what the words of a package mean and what it owns."""
    readme = package / "README.md"
    assert readme.is_file()
    assert len(readme.read_text(encoding="utf-8")) > 400


@pytest.mark.parametrize("service", ["calendars", "clocks", "credits"])
def test_services_have_the_same_rooms(service: str) -> None:
    """Knowing one service is knowing all: nothing stands outside the rooms."""
    folder = ROOT / "services" / service
    present = {
        path.name for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert present <= ROOMS | {"__init__.py"}
    assert {"app.py", "client.py", "contract.py", "domain", "operations", "service.py", "storage"} <= present


def test_every_operation_is_named_for_a_verb_and_a_noun() -> None:
    """A use case is found by its name."""
    names = [path.stem for path in source_modules() if path.parent.name == "operations"]
    assert [name for name in names if name != "__init__" and "_" not in name] == []


def test_every_named_block_of_sql_says_what_it_is_for() -> None:
    """A named block is followed by a line that describes it."""
    bare = [
        f"{path.relative_to(ROOT)}: {match.group(1)}"
        for path in tracked_files(".sql")
        for match in re.finditer(
            r"^-- name: (\S+)\n(?!-- \S)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert bare == []


def test_public_names_are_sorted() -> None:
    """`__all__` reads like an index."""
    unsorted = []
    for path in source_modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = ast.literal_eval(node.value)
                if len(names) != len(set(names)):
                    unsorted.append(str(path.relative_to(ROOT)))
    assert unsorted == []


def test_every_test_says_its_claim() -> None:
    """A test's docstring is the claim that it proves."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in tracked_files(".py")
        if path.name.startswith("test_")
        for node in functions_of(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_constraints_pin_every_package_without_addresses() -> None:
    """The lock names versions, never where they come from."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert len(pins) > 20
    assert [line for line in pins if "==" not in line or "://" in line or "@" in line] == []


def test_documents_stay_on_one_topic() -> None:
    """Words of meaning hold no paths of one machine."""
    strays = re.compile(r"/work/|/root/|\.\./shared|\.\./\.library")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked_files(".md")
        if strays.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_decisions_are_numbered_and_short() -> None:
    """A decision holds context, decision, consequences and alternatives in under 70 lines."""
    decisions = sorted((ROOT / "infra" / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 70, path.name
        for heading in ("## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert heading in text, f"{path.name} lacks {heading}"
