"""What storage code may do with a connection: the part of asyncpg's that we use, with types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, Protocol

__all__ = ["Connection", "Row"]


class Row(Protocol):
    """A row, by name or by place; jsonb columns are Python objects, xid8 columns are integers."""

    def __getitem__(self, key: str | int) -> Any:
        """Read a column."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the columns' values."""
        ...

    def __len__(self) -> int:
        """Count the columns."""
        ...

    def get(self, key: str, default: Any = None) -> Any:
        """Read a column that may not be there."""
        ...

    def items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over names and values."""
        ...


class Cursor(Protocol):
    """The rows of a statement, fetched in portions while they are iterated over."""

    def __aiter__(self) -> AsyncIterator[Row]:
        """Iterate over the rows."""
        ...


class Connection(Protocol):
    """One connection, lent by Database for the length of a block; parameters are `$1`, `$2` and so on."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement (several, if it has no parameters) and return the command tag."""
        ...

    async def executemany(self, command: str, args: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each tuple of parameters."""
        ...

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        """Run a statement and return its rows."""
        ...

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        ...

    async def fetchval(self, query: str, *args: Any, column: int = 0) -> Any:
        """Run a statement and return a value of its first row, or None."""
        ...

    async def copy_records_to_table(
        self,
        table_name: str,
        *,
        records: Iterable[Sequence[Any]],
        columns: Sequence[str] | None = None,
        schema_name: str | None = None,
    ) -> str:
        """Copy tuples into a table in the binary format and return the command tag."""
        ...

    def cursor(self, query: str, *args: Any, prefetch: int | None = None) -> Cursor:
        """Iterate over the rows of a statement without holding all of them; inside a transaction only."""
        ...

    def is_in_transaction(self) -> bool:
        """Say whether a transaction is open."""
        ...
