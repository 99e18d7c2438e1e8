"""Make Django's own tables and two users who have signed in; print user name → session key as JSON."""

from __future__ import annotations

import json

import django
from django.core.management import call_command


def main() -> None:
    """Prepare the database named by DATABASE_URL."""
    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    call_command("migrate", verbosity=0)
    keys = {}
    for name in ("province", "hangzhou"):
        user = User.objects.create_superuser(name, password="unused")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys[name] = session.session_key
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
