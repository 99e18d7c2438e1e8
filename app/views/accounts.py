"""Accounts below one's own: the generated list, and what is done to one or many of them (ACC-6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, TypeAlias

from flask import flash, redirect, request
from flask_appbuilder.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired

from app.domain.numbers import number_of
from app.domain.terms import AccountStatus, RoleName
from app.domain.text import N_
from app.extensions import db
from app.models import Account, AuditEntry, Bureau, Institution, Role, School, Teacher
from app.security.scope import is_manageable, manageable_clause
from app.services import account_acts, accounts
from app.views.fab import Filter, RecordView, choice, contains, related, yes_no
from app.views.fab.forms import RecordForm
from app.views.fab.pages import safe_next
from app.web.actors import current_vault
from app.web.i18n import role_label

Rows: TypeAlias = list[Account]  # inside the class `list` is the list page
Conditions: TypeAlias = list[Any]
HISTORY = 20  # entries of the audit shown with an account


def _at_school(model: type[Any], value: str) -> Any:
    """Accounts of a school and of its teachers."""
    school = number_of(value)
    if school is None:
        return None
    staff = select(Teacher.account_id).where(Teacher.school_id == school, Teacher.account_id.is_not(None))
    return or_(model.school_id == school, model.id.in_(staff))


def _holding(model: type[Any], value: str) -> Any:
    role = number_of(value)
    return model.roles.any(Role.id == role) if role is not None else None


def _roles() -> list[tuple[str, str]]:
    return [(str(role.id), role_label(role.name)) for role in db.session.scalars(select(Role).order_by(Role.id))]


class AccountView(RecordView):
    """Accounts of one's own organisation and those below."""

    model = Account
    order_by = "username"
    list_template = "account/list.html"
    show_template = "account/show.html"
    method_permission_name = {"enable": "edit", "disable": "edit", "remove_many": "delete"}
    list_columns = ["username", "last_name", "roles", "place", "standing", "must_change_password", "last_login"]
    show_columns = [*list_columns, "nickname", "failed_sign_ins", "locked_until", "password_changed_at"]
    export_columns = ("username", "last_name", "roles", "place", "standing", "must_change_password", "last_login")
    create_columns = ("username", "last_name", "phone", "school", "institution", "bureau")
    form_columns = ("last_name", "phone", "school", "institution", "bureau")
    search_in = ("username", "last_name")
    filters = (
        contains("username", "last_name", label=N_("User name or name")),
        Filter("school", "remote", _at_school, N_("School"), target=School),
        related("institution", Institution),
        related("bureau", Bureau),
        Filter("role", "choice", _holding, N_("Role"), options=_roles),
        choice("status", AccountStatus),
        yes_no("must_change_password"),
    )

    def offered_filters(self) -> Sequence[Filter]:
        """Return the filters that part these accounts: a school and an institution have no others beside their own."""
        own = self.actor.school_id or self.actor.institution_id
        return [f for f in super().offered_filters() if not (own and f.name in ("school", "institution", "bureau"))]

    def conditions(self, asked: Any) -> Conditions:
        """Leave out the deleted accounts, even for who sees every row."""
        return [*super().conditions(asked), Account.active.is_(True)]

    def loads(self, names: Any) -> tuple[Any, ...]:
        """Load roles and organisation with the accounts."""
        school_of_teacher = joinedload(Account.teacher).joinedload(Teacher.school)
        places = (joinedload(Account.bureau), joinedload(Account.institution), joinedload(Account.school))
        return selectinload(Account.roles), school_of_teacher, *places

    def listing(self, extra: tuple[Any, ...] = ()) -> Any:
        """Return the list; only accounts below one's own can be changed from it."""
        listing = super().listing(extra)
        keys = [row.pk for row in listing.rows]
        below = set(
            db.session.scalars(select(Account.id).where(Account.id.in_(keys), manageable_clause(Account, self.actor)))
        )
        rows = [row if row.pk in below else replace(row, url_edit=None, url_delete=None) for row in listing.rows]
        return replace(listing, rows=rows)

    def value_of(self, row: Account, name: str) -> Any:
        """Return roles in words, and the last sign-in as the moment it was: the framework's column holds bare UTC."""
        if name == "roles":
            return [role_label(role.name) for role in row.roles]
        value = getattr(row, name)
        return value.replace(tzinfo=UTC) if name == "last_login" and value is not None else value

    def show_extras(self, row: Account) -> dict[str, Any]:
        """Return what may be done to the account, and what was done to it."""
        return {
            "manageable": is_manageable(row, actor=self.actor),
            "allowed": {action.name for action in self.bulk_actions()},
            "entries": self._history(row),
        }

    def _history(self, row: Account) -> list[dict[str, Any]]:
        about = (AuditEntry.entity == "Account", AuditEntry.row_id == row.id)
        wanted = select(AuditEntry).where(*about).options(joinedload(AuditEntry.account))
        return [
            {"label": _(entry.action.label), "when": entry.created_at, "who": str(entry.account or _("The platform"))}
            for entry in db.session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(HISTORY))
        ]

    def form_class(self, names: tuple[str, ...]) -> type[RecordForm]:
        """Return the form with the roles, among those one may give; a teacher's account is made from the record."""
        made = super().form_class(names)
        given = accounts.roles_one_may_give(self.actor)
        if names == self.create_columns:
            given -= {RoleName.TEACHER.value}
        order = [role.value for role in RoleName if role.value in given]
        choices = [(name, role_label(name)) for name in [*order, *sorted(given - set(order))]]
        required = [InputRequired(_("Choose at least one role."))]
        field = SelectMultipleField(_("Roles"), choices=choices, validators=required)
        return type("AccountForm", (made,), {"roles": field})

    def save_new(self, form: RecordForm) -> Account:
        """Create the account with its first password."""
        account = accounts.create_account(form.values(), actor=self.actor, vault=current_vault())
        flash(_("The first password is in the list of unused first passwords."), "info")
        return account

    def save_changes(self, row: Account, form: RecordForm) -> Account:
        """Change the account."""
        seen = request.form.get("version", type=int)
        return accounts.update_account(row.id, form.values(), actor=self.actor, expected_version=seen)

    def remove(self, pk: str) -> None:
        """End the account."""
        accounts.delete_account(pk, actor=self.actor)

    @action(
        "reset",
        _l("Reset password"),
        _l("{count} accounts get new first passwords; the present ones and all their sessions end at once."),
        "ti-key",
    )
    def reset(self, rows: Rows) -> Any:
        """Set new first passwords and show them once."""
        told = account_acts.reset_passwords([row.id for row in rows], actor=self.actor, vault=current_vault())
        return self.render_template("account/first_passwords.html", title=_("New first passwords"), passwords=told)

    @action("enable", _l("Enable"), _l("{count} accounts may sign in again."), "ti-check")
    def enable(self, rows: Rows) -> Any:
        """Let the chosen accounts sign in."""
        return self._act(account_acts.enable, rows, N_("Accounts enabled: %(count)d"))

    @action("disable", _l("Disable"), _l("{count} accounts are signed out at once and kept out."), "ti-ban")
    def disable(self, rows: Rows) -> Any:
        """Keep the chosen accounts out."""
        return self._act(account_acts.disable, rows, N_("Accounts disabled: %(count)d"))

    @action("unlock", _l("Unlock"), _l("{count} accounts may try their password again at once."), "ti-lock-open")
    def unlock(self, rows: Rows) -> Any:
        """End the lock of the chosen accounts."""
        return self._act(account_acts.unlock, rows, N_("Accounts unlocked: %(count)d"))

    @action(
        "remove_many",
        _l("Delete"),
        _l("{count} accounts are deleted for good: nobody signs in with them again. What they did stays recorded."),
        "ti-trash",
    )
    def remove_many(self, rows: Rows) -> Any:
        """End the chosen accounts."""
        return self._act(account_acts.delete, rows, N_("Accounts deleted: %(count)d"))

    def _act(self, verb: Any, rows: Rows, done: str) -> Any:
        """Do `verb` to all rows or none, and say so."""
        flash(_(done, count=verb([row.id for row in rows], actor=self.actor)), "success")
        return redirect(safe_next(self._url("list")))


VIEWS = (AccountView,)
