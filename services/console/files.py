"""The console's files, as they are served."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import PurePath

import msgspec

__all__ = ["ConsoleFile", "read_files"]

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class ConsoleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file: the path that it is served at, its media type, and a tag that changes with its content."""

    path: str
    media_type: str
    content: bytes
    etag: str


def read_files() -> list[ConsoleFile]:
    """Read all of them out of the package; the page itself is served at `/`."""
    folder = files("console") / "web"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return [console_file(entry.name, entry.read_bytes()) for entry in entries]


def console_file(name: str, content: bytes) -> ConsoleFile:
    """Make a file that is served."""
    return ConsoleFile(
        path="/" if name == "index.html" else f"/{name}",
        media_type=MEDIA_TYPES[PurePath(name).suffix],
        content=content,
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    )
