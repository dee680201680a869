"""How many rows a page may hold."""

from __future__ import annotations

from credits.domain.errors import PageTooLargeError

__all__ = ["MAX_PAGE", "check_page"]

MAX_PAGE = 500


def check_page(first: int) -> int:
    """Give the page's size back if it is one; raises PageTooLargeError."""
    if not 1 <= first <= MAX_PAGE:
        raise PageTooLargeError(first, MAX_PAGE)
    return first
