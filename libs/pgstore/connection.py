"""What storage code may do with a connection: the part of asyncpg's that we use, with types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Sequence
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


class OpenCursor(Protocol):
    """The rows of a statement that is under way."""

    async def fetch(self, n: int) -> list[Row]:
        """Fetch the next rows, at most n; none: there are no more."""
        ...


class Cursor(Protocol):
    """The rows of a statement, fetched in portions: while they are iterated over, or when asked for."""

    def __aiter__(self) -> AsyncIterator[Row]:
        """Iterate over the rows."""
        ...

    def __await__(self) -> Generator[Any, None, OpenCursor]:
        """Begin, to fetch portions."""
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

    async def copy_from_query(
        self, query: str, *args: Any, output: Callable[[bytes], Awaitable[None]], **options: str
    ) -> str:
        """Give the rows of a statement to `output`, cut anywhere, with the options of COPY; answer the tag.

        Parameters are written into the statement as text: its types must follow without them.
        """
        ...

    def cursor(self, query: str, *args: Any, prefetch: int | None = None) -> Cursor:
        """Iterate over the rows of a statement without holding all of them; inside a transaction only."""
        ...

    def is_in_transaction(self) -> bool:
        """Say whether a transaction is open."""
        ...
