"""Accounts: the generated list, and one's own password (ACC-4, ACC-6)."""

from __future__ import annotations

from io import BytesIO
from typing import Any, TypeAlias

from flask import abort, flash, redirect, request, send_file, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectMultipleField
from wtforms.validators import InputRequired, Length

from app.domain.errors import DomainError
from app.domain.terms import AccountStatus
from app.domain.text import N_
from app.exchange.first_passwords import write_first_passwords
from app.models import Account
from app.services import accounts
from app.services.sign_in import change_password
from app.views.fab import PageView, RecordView, choice, contains
from app.views.fab.forms import RecordForm
from app.web.actors import current_account, current_vault
from app.web.i18n import sentence

Rows: TypeAlias = list[Account]  # inside the class `list` is the list page
FILLED = [InputRequired(_l("Please fill this in.")), Length(max=128)]


class AccountView(RecordView):
    """Accounts of one's own organisation and those below."""

    model = Account
    list_template = "account/list.html"
    method_permission_name = {"enable": "edit", "disable": "edit", "batch": "create", "first_passwords": "export"}
    list_columns = ["username", "last_name", "status", "bureau", "institution", "school", "must_change_password"]
    show_columns = [*list_columns, "nickname", "failed_sign_ins", "locked_until", "password_changed_at"]
    form_columns = ("last_name", "nickname", "phone")
    create_columns = ("username", *form_columns, "bureau", "institution", "school")
    filters = (contains("username", "last_name", label=N_("User name or name")), choice("status", AccountStatus))

    def form_class(self, names: tuple[str, ...]) -> type[RecordForm]:
        """Return the form; a new account gets roles too, among those one may give."""
        made = super().form_class(names)
        if names != self.create_columns:
            return made
        choices = [(role.value, _(role.label)) for role in accounts.roles_to_give(self.actor)]
        return type("NewAccountForm", (made,), {"roles": SelectMultipleField(_("Roles"), choices=choices)})

    def save_new(self, form: RecordForm) -> Account:
        """Create the account with its first password."""
        account = accounts.create_account(form.values(), actor=self.actor, vault=current_vault())
        flash(_("The first password is in the list of unused first passwords."), "info")
        return account

    @action("reset", _l("Reset password"), _l("New first passwords; the present ones and all sessions end."), "fa-key")
    def reset(self, rows: Rows) -> Any:
        """Set new first passwords and show them once."""
        vault = current_vault()
        told = [accounts.reset_password(row.id, actor=self.actor, vault=vault) for row in rows]
        return self.render_template("account/first_passwords.html", title=_("New first passwords"), passwords=told)

    @action("enable", _l("Enable"), _l("The chosen accounts may sign in again."), "fa-check")
    def enable(self, rows: Rows) -> None:
        """Let the chosen accounts sign in."""
        for row in rows:
            accounts.set_enabled(row.id, True, actor=self.actor)
        flash(_("Enabled."), "success")

    @action("disable", _l("Disable"), _l("The chosen accounts are signed out at once and kept out."), "fa-ban")
    def disable(self, rows: Rows) -> None:
        """Keep the chosen accounts out."""
        for row in rows:
            accounts.set_enabled(row.id, False, actor=self.actor)
        flash(_("Disabled."), "success")

    @action("unlock", _l("Unlock"), _l("The chosen accounts may try their password again at once."), "fa-unlock")
    def unlock(self, rows: Rows) -> None:
        """End the lock of the chosen accounts."""
        for row in rows:
            accounts.unlock(row.id, actor=self.actor)
        flash(_("Unlocked."), "success")

    @expose("/batch", methods=["POST"])
    @has_access
    def batch(self) -> Any:
        """Create the accounts of all schools that have none."""
        count = accounts.create_school_accounts(actor=self.actor, vault=current_vault())
        flash(_("Accounts created: %(count)d", count=count), "success")
        return redirect(self._url("list"))

    @expose("/first-passwords", methods=["POST"])
    @has_access
    def first_passwords(self) -> Any:
        """Send the unused first passwords as a workbook."""
        file = BytesIO()
        rows = accounts.unused_first_passwords(actor=self.actor, vault=current_vault())
        write_first_passwords(rows, file, translate=_)
        file.seek(0)
        return send_file(file, download_name="first-passwords.xlsx", as_attachment=True)


class PasswordForm(FlaskForm):
    """The present password and the new one, twice."""

    old = PasswordField(_l("Present password"), FILLED)
    new = PasswordField(
        _l("New password"),
        FILLED,
        description=_l("At least 8 characters, three of: capitals, small letters, digits, signs."),
    )
    repeat = PasswordField(_l("New password again"), FILLED)


class AccountPage(PageView):
    """What everybody may do with the own account."""

    route_base = "/account"
    default_view = "change_password"

    @expose("/password", methods=["GET", "POST"])
    def change_password(self) -> Any:
        """Change one's own password; a first password leads nowhere else."""
        account = current_account()
        if account is None:
            return redirect(url_for("SignInView.login", next=request.path))
        form, problems = PasswordForm(), []
        if request.method == "POST":
            problems = self._change(account, form)
            if not problems and not form.errors:
                session["sv"] = account.session_version
                flash(_("The password was changed. Other devices have been signed out."), "success")
                return redirect(url_for("HomeView.index"))
        page = self.render_template("account/change_password.html", title=_("Change password"), form=form,
                                    problems=problems, forced=account.must_change_password)  # fmt: skip
        return page, 422 if problems or form.errors else 200

    def _change(self, account: Account, form: PasswordForm) -> list[str]:
        if not form.validate():
            return []
        if form.new.data != form.repeat.data:
            form.repeat.errors = [_("The two new passwords differ.")]
            return [_("The two new passwords differ.")]
        try:
            change_password(account, form.old.data, form.new.data, actor=self.actor)
        except DomainError as error:
            return [sentence(p) for p in error.problems]
        return []


def own_account() -> Account:
    """Return the account that has signed in; 404 for a visitor."""
    return current_account() or abort(404)


VIEWS = (AccountView, AccountPage)
