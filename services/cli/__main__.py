"""Lets `python -m cli` be `meantime`: how the supervisor starts services with its own interpreter."""

from __future__ import annotations

from cli.app import main

if __name__ == "__main__":
    main()
