"""The framework's security manager, answering from our actor and permissions.

It stands at the edge because it asks the request who acts.
"""

from __future__ import annotations

from typing import Any

from flask_appbuilder.security.sqla.manager import SecurityManager

from app.models import Account
from app.security.passwords import hash_password
from app.security.people import SignedIn
from app.security.permissions import PREFIX
from app.services.sign_in import find_account
from app.web.actors import current_actor, current_vault, load_signed_in


class PlatformSecurityManager(SecurityManager):
    """Accounts, roles and permissions are the framework's tables; every decision is taken by `Actor.may`."""

    user_model = Account

    def register_views(self) -> None:
        """Register nothing: `app/views` registers our own sign-in, account and role screens."""

    def load_user(self, pk: Any) -> SignedIn | None:
        """Return who a session belongs to."""
        return load_signed_in(pk)

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Tell whether the present actor holds the permission."""
        return current_actor().may(permission_name.removeprefix(PREFIX), view_name)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing generated is public."""
        return False

    def find_user(self, username: str | None = None, email: str | None = None) -> Account | None:
        """Return the account with this sign-in name."""
        return find_account(username, current_vault()) if username else None

    def reset_password(self, userid: int, password: str) -> None:
        """Set a password for the framework's own command line."""
        account = self.get_user_by_id(userid)
        account.password = hash_password(password)
        account.session_version += 1
        self.session.commit()
