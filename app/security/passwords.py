"""Storing passwords: argon2id at OWASP's parameters (19 MiB, two passes); only hashes are kept (ACC-4).

Hashes the framework made (scrypt or PBKDF2, in accounts taken over from another platform) still open the account; the
first sign-in replaces them.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.security import check_password_hash

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked when the account does not exist, so that an unknown name takes as long as a wrong password.
_NOBODY = _hasher.hash("nobody's password")


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Tell whether `password` belongs to `stored`; takes the same time when there is nothing stored."""
    if stored and not _is_ours(stored):
        return _check_framework_hash(stored, password)
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Tell whether `stored` was made another way, or with weaker parameters, than today's."""
    return not _is_ours(stored) or _hasher.check_needs_rehash(stored)


def _is_ours(stored: str) -> bool:
    return stored.startswith("$argon2")


def _check_framework_hash(stored: str, password: str) -> bool:
    try:
        return check_password_hash(stored, password)
    except ValueError:  # no kind of hash anybody knows
        return False
