"""One document in a file, for commands that are told what it is: a policy, a calendar, a measure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cli.errors import CliError
from cli.manifest import bare_document

__all__ = ["DocumentError", "read_document", "read_mapping", "refusal"]


class DocumentError(CliError):
    """A policy or calendar file that cannot be used; the code is that of the rule it breaks."""

    def __init__(self, message: str, *, code: str = "document_invalid", field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code


def read_document(path: Path) -> Mapping[str, Any]:
    """Read the document in a YAML or JSON file, without what says what it is. Raises DocumentError."""
    return bare_document(read_mapping(path))


def read_mapping(path: Path) -> Mapping[str, Any]:
    """Read a YAML or JSON file that holds a mapping. Raises DocumentError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DocumentError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise DocumentError(f"{path}: a mapping is needed at the top")
    return document


def refusal(source: object, error: Exception) -> Exception:
    """Name the file in a refusal that has a code; any other error is one of ours, and stays as it is."""
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        return error
    return DocumentError(f"{source}: {error}", code=code, field=getattr(error, "field", None))
