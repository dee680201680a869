"""The console's files, as they are served."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import msgspec

__all__ = ["ConsoleFile", "read_files"]

PAGES = {
    "/": ("index.html", "text/html"),
    "/console.css": ("console.css", "text/css"),
    "/console.js": ("console.js", "text/javascript"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
}


class ConsoleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file: the path that it is served at, its media type, and a tag that changes with its content."""

    path: str
    media_type: str
    content: bytes
    etag: str


def read_files() -> list[ConsoleFile]:
    """Read all of them out of the package."""
    folder = files("console") / "web"
    return [
        console_file(path, media_type, (folder / name).read_bytes())
        for path, (name, media_type) in PAGES.items()
    ]


def console_file(path: str, media_type: str, content: bytes) -> ConsoleFile:
    """Make the file that is served at a path."""
    tag = hashlib.sha256(content).hexdigest()[:32]
    return ConsoleFile(path=path, media_type=media_type, content=content, etag=f'"{tag}"')
