"""What can go wrong between a service and its database, as one tree.

PgstoreError
├── BlocksInvalidError           a .sql file that is not named, described blocks
├── TenantInvalidError           a tenant id that is none
├── DatabaseUrlError             a DATABASE_URL that cannot be read
├── DatabaseUnavailableError     no answer in time, or not now
│   ├── TenantBusyError          the tenant's own transactions are in its way: try again
│   └── TransactionConflictError two transactions in each other's way: try again
├── RoleUnsafeError              the role would see through row-level security
├── CursorInvalidError           text that is no feed cursor
├── CursorAheadError             a feed cursor from another life of the database
├── IdempotencyConflictError     one idempotency key, two requests
└── MigrationError
    ├── ServerUnsuitableError    too old, or not in UTF-8
    ├── MigrationsForbiddenError the user may not do what migrations do
    ├── MigrationsBusyError      another runner holds the lock
    ├── MigrationsInvalidError   files that are not a gap-free numbered list
    ├── MigrationsPendingError   the database lacks migrations of the code
    ├── MigrationFailedError     PostgreSQL refused a file
    ├── MigrationChangedError    an applied file has other content now
    └── DatabaseNewerError       the database has migrations that the code lacks
"""

from __future__ import annotations

__all__ = [
    "BlocksInvalidError",
    "CursorAheadError",
    "CursorInvalidError",
    "DatabaseNewerError",
    "DatabaseUnavailableError",
    "DatabaseUrlError",
    "IdempotencyConflictError",
    "MigrationChangedError",
    "MigrationError",
    "MigrationFailedError",
    "MigrationsBusyError",
    "MigrationsForbiddenError",
    "MigrationsInvalidError",
    "MigrationsPendingError",
    "PgstoreError",
    "RoleUnsafeError",
    "ServerUnsuitableError",
    "TenantBusyError",
    "TenantInvalidError",
    "TransactionConflictError",
]


class PgstoreError(Exception):
    """The root; `code` and `kind` are stable, the message is for the one who runs the service.

    public: what a user may read instead, where the message names servers or files; None: the message.
    """

    code = "database_error"
    kind = "unavailable"
    public: str | None = "the service cannot use its database at the moment"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class BlocksInvalidError(PgstoreError):
    """The SQL file is not a list of named and described blocks, or names one twice."""

    code = "sql_blocks_invalid"


class TenantInvalidError(PgstoreError):
    """The tenant id does not match `^[a-z0-9][a-z0-9_-]{0,62}$`."""

    code = "tenant_invalid"
    kind = "invalid"
    public = None


class DatabaseUrlError(PgstoreError):
    """The database URL cannot be read."""

    code = "database_url_invalid"


class DatabaseUnavailableError(PgstoreError):
    """The database does not answer, not in time, or not now."""

    code = "database_unavailable"


class TenantBusyError(DatabaseUnavailableError):
    """The tenant has so much under way that its own transactions wait for each other; others' do not."""

    code = "tenant_busy"
    kind = "too_many"
    public = "too much of what you asked for is still under way: try again"


class TransactionConflictError(DatabaseUnavailableError):
    """The transaction met another one (deadlock, lock wait, serialization) and may be tried again."""

    code = "transaction_conflict"
    public = "another change got in the way: try again"


class RoleUnsafeError(PgstoreError):
    """The role of the pool owns, or bypasses, what should hold it."""

    code = "database_role_unsafe"


class CursorInvalidError(PgstoreError):
    """The text is not a cursor of a feed."""

    code = "cursor_invalid"
    kind = "invalid"
    public = None


class CursorAheadError(PgstoreError):
    """The cursor is past everything that this database has ever written; follow again from the start."""

    code = "cursor_ahead"
    kind = "conflict"
    public = None


class CursorExpiredError(PgstoreError):
    """Messages after the cursor may have been trimmed already: going on from it could pass some over."""

    code = "cursor_expired"
    kind = "too_late"
    public = None


class IdempotencyConflictError(PgstoreError):
    """The idempotency key was used for another request of the same operation."""

    code = "idempotency_conflict"
    kind = "conflict"
    public = None


class MigrationError(PgstoreError):
    """The root of what keeps a database from being brought up to date."""

    code = "migration_error"


class ServerUnsuitableError(MigrationError):
    """The server is older than PostgreSQL 15, or the database is not in UTF-8."""

    code = "server_unsuitable"


class MigrationsForbiddenError(MigrationError):
    """The user of the database URL lacks a privilege that migrations need."""

    code = "migrations_forbidden"


class MigrationsBusyError(MigrationError):
    """Another runner has held the lock for longer than this one waits."""

    code = "migrations_busy"


class MigrationsInvalidError(MigrationError):
    """A track's files are not a gap-free list `NNNN_name.sql` from 0001, or the database skips one."""

    code = "migrations_invalid"


class MigrationsPendingError(MigrationError):
    """The database lacks migrations that this code needs."""

    code = "migrations_pending"


class MigrationFailedError(MigrationError):
    """PostgreSQL refused a migration; the file's transaction was rolled back."""

    code = "migration_failed"


class MigrationChangedError(MigrationError):
    """A migration that was applied has other content now."""

    code = "migration_changed"


class DatabaseNewerError(MigrationError):
    """The database has migrations that this code does not know."""

    code = "database_newer"
