"""The platform taking the framework's own password hashes (Werkzeug's scrypt) as good: the control of W9, `…:app`."""

from __future__ import annotations

from app.security import passwords

passwords.needs_rehash = lambda _stored: False  # otherwise the first sign-in would replace each of them

from run import app  # noqa: E402 - after that is changed

__all__ = ["app"]
