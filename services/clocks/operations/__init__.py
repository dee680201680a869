"""Use cases, one a file: open the transaction, load, decide, save, write the outbox."""
