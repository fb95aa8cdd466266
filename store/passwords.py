"""Passwords: hashed with Argon2id, and compared in the time that takes, whoever is asked about."""

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.login_credentials import password_text

# RFC 9106's second recommendation: 64 MiB, three passes.
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Keeps a core busy for some 50 ms, so callers in an event loop hand it to a thread."""
    return _hasher.hash(password_text(password))


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the password. Without a hash, as for an unknown person, the answer takes as long."""
    try:
        _hasher.verify(hashed or _nobodys_hash(), password_text(password))
    except (VerificationError, InvalidHashError):
        return False
    return bool(hashed)


def is_outdated(hashed: str) -> bool:
    """Whether it was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(hashed)


@lru_cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
