"""Sealing values at rest and finding them again (OPS-3). The cipher is one class, so that SM4/SM3 can replace it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

from app.domain.errors import Invalid, problem
from app.domain.text import N_


class Vault:
    """Seals with authenticated encryption and indexes with a keyed hash; both keys come from DATA_KEY."""

    def __init__(self, data_key: str) -> None:
        """Derive separate keys for sealing and for the index from `data_key`."""
        self._cipher = Fernet(base64.urlsafe_b64encode(self._derive(data_key, b"seal")))
        self._index = self._derive(data_key, b"index")

    @staticmethod
    def _derive(data_key: str, purpose: bytes) -> bytes:
        return hmac.new(data_key.encode(), b"teacher-training/" + purpose, hashlib.sha256).digest()

    def seal(self, plain: str) -> bytes:
        """Return `plain` sealed; the same text gives another result each time."""
        return self._cipher.encrypt(plain.encode())

    def open(self, sealed: bytes) -> str:
        """Return the text in `sealed`. Raises Invalid when it was sealed with another key or tampered with."""
        try:
            return self._cipher.decrypt(sealed).decode()
        except InvalidToken:
            raise Invalid(
                problem("sealed_elsewhere", N_("This value was sealed with another DATA_KEY; restore that key."))
            ) from None

    def key(self, plain: str) -> str:
        """Return the index of `plain`: equal texts have equal indexes, and nothing leads back."""
        return hmac.digest(self._index, plain.encode(), "sha256").hex()


@lru_cache(maxsize=4)
def vault(data_key: str) -> Vault:
    """Return the vault of this key; deriving happens once a process."""
    return Vault(data_key)
