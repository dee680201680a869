"""Secrets that must be read again, sealed before they are stored.

A webhook's secret signs, so its hash would not do. It is kept as a JWE (direct, AES-256-GCM) under a key that
is not in the database, and opens only for the webhook that it was sealed for.
"""

from __future__ import annotations

import hashlib
import hmac

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from gateway.domain.errors import SecretSealedError

__all__ = ["Seal"]

ALGORITHMS = ["dir", "A256GCM"]
PURPOSE = b"meantime webhook secrets"


class Seal:
    """Seals and opens with a key that is made of a passphrase of at least 32 characters."""

    def __init__(self, passphrase: str) -> None:
        self._key = OctKey.import_key(hmac.digest(passphrase.encode(), PURPOSE, hashlib.sha256))

    def close(self, secret: str, owner: str) -> str:
        """Seal a secret for its owner, such as a webhook's id."""
        header = {"alg": "dir", "enc": "A256GCM", "kid": owner}
        return jwe.encrypt_compact(header, secret, self._key, algorithms=ALGORITHMS)

    def open(self, sealed: str, owner: str) -> str:
        """Open what was sealed for that owner; raises SecretSealedError."""
        try:
            found = jwe.decrypt_compact(sealed, self._key, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise unopened() from error
        if found.headers().get("kid") != owner or found.plaintext is None:
            raise unopened()
        return found.plaintext.decode()


def unopened() -> SecretSealedError:
    """Make the refusal, which says what to do."""
    return SecretSealedError(
        "the webhook's secret was sealed with another key: set MEANTIME_WEBHOOK_KEY to that one, or rotate it"
    )
