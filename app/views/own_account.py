"""One's own account: profile, password, sessions and tokens (ACC-4, ACC-6, ACC-9, OPS-6)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from flask import flash, jsonify, redirect, request, session, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length

from app.domain.errors import DomainError
from app.domain.text import N_, Text
from app.models import Account, ApiKey
from app.services import accounts, tokens
from app.services.parameters import policy_of
from app.services.passwords import change_password, end_other_sessions, reasons_against
from app.views.fab import PageView
from app.web.actors import current_account, current_vault
from app.web.i18n import role_label, sentence, translate

FILLED = [InputRequired(_l("Please fill this in.")), Length(max=128)]


class PasswordForm(FlaskForm):
    """The present password and the new one, twice."""

    old = PasswordField(_l("Present password"), FILLED, render_kw={"autocomplete": "current-password"})
    new = PasswordField(_l("New password"), FILLED, render_kw={"autocomplete": "new-password"})
    repeat = PasswordField(_l("New password again"), FILLED, render_kw={"autocomplete": "new-password"})


class ProfileForm(FlaskForm):
    """What everybody says about oneself."""

    nickname = StringField(_l("Nickname"), [Length(max=50)], description=_l("Shown instead of your name at the top."))
    phone = TelField(
        _l("Phone"), [Length(max=32)], description=_l("Also asked for when you have forgotten your password.")
    )
    email = EmailField(_l("E-mail"), [Length(max=120)])


class TokenForm(FlaskForm):
    """What a new token is for, and how long it is good."""

    name = StringField(_l("What the token is for"), FILLED)
    days = SelectField(_l("Good for"), choices=[], coerce=int)


def rules() -> list[tuple[str, str]]:
    """Return what a new password must meet, each with the code of the reason it would be refused for."""
    texts = (
        ("password_short", Text(N_("At least %(minimum)d characters"), {"minimum": policy_of().password_min_length})),
        ("password_kinds", N_("Three of these four: small letters, capital letters, digits, other characters")),
        ("password_repeats", N_("At least five different characters")),
        ("password_name", N_("Not your name, not in pinyin either, nor your user name")),
        ("password_id", N_("No part of your national ID number")),
        ("password_phone", N_("No part of your phone number")),
        ("password_common", N_("None that everybody tries first")),
    )
    return [(code, translate(text)) for code, text in texts]


class AccountPage(PageView):
    """What everybody may do with the own account."""

    route_base = "/account"

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """Show and change one's own profile."""
        account = current_account()
        if account is None:
            return _to_sign_in()
        email = "" if account.email.endswith("@noemail.invalid") else account.email
        form = ProfileForm(data={"nickname": account.nickname, "phone": account.phone, "email": email})
        problems: list[str] = []
        if form.validate_on_submit():
            try:
                accounts.update_profile(form.data, actor=self.actor)
                flash(_("Saved."), "success")
                return redirect(url_for("AccountPage.index"))
            except DomainError as error:
                problems = take(form, error)
        page = self._profile(account, form, problems)
        return page, 422 if problems or form.errors else 200

    def _profile(self, account: Account, form: ProfileForm, problems: list[str]) -> Any:
        roles = "、".join(role_label(role.name) for role in account.roles)
        facts = [
            (_("User name"), account.username),
            (_("Person's name"), account.name),
            (_("Organisation"), str(account.place or "—")),
            (_("Roles"), roles),
        ]
        if account.teacher is not None:
            facts.insert(1, (_("Teacher number"), account.teacher.teacher_number))
        return self.render_template("account/profile.html", title=_("My account"), form=form, problems=problems,
                                    facts=facts)  # fmt: skip

    @expose("/sessions", methods=["POST"])
    def sessions(self) -> Any:
        """Sign out everywhere but here."""
        account = current_account()
        if account is None:
            return _to_sign_in()
        end_other_sessions(account, actor=self.actor)
        session["sv"] = account.session_version
        flash(_("All other devices, and all tokens, have been signed out."), "success")
        return redirect(url_for("AccountPage.index"))

    @expose("/password", methods=["GET", "POST"])
    def change_password(self) -> Any:
        """Change one's own password; a first password leads nowhere else."""
        account = current_account()
        if account is None:
            return _to_sign_in()
        form, problems = PasswordForm(), []
        if request.method == "POST":
            problems = self._change(account, form)
            if not problems and not form.errors:
                session["sv"] = account.session_version
                flash(_("The password was changed. Other devices have been signed out."), "success")
                return redirect(url_for("HomeView.index"))
        page = self.render_template("account/change_password.html", title=_("Change password"), form=form,
                                    problems=problems, forced=account.must_change_password, rules=rules())  # fmt: skip
        return page, 422 if problems or form.errors else 200

    def _change(self, account: Account, form: PasswordForm) -> list[str]:
        if not form.validate():
            return []
        differ = form.new.data != form.repeat.data
        try:
            if not differ:
                change_password(account, form.old.data, form.new.data, actor=self.actor, vault=current_vault())
        except DomainError as error:
            return take(form, error)
        if differ:
            form.repeat.errors = [_("The two new passwords differ.")]
            form.new.errors = [sentence(p) for p in reasons_against(account, form.new.data, vault=current_vault())]
        return []

    @expose("/password/check", methods=["POST"])
    def check_password(self) -> Any:
        """Tell the page, while somebody types, which rules the new password does not meet yet."""
        account = current_account()
        if account is None:
            return jsonify(reasons=[]), 401
        typed = request.form.get("new", "")[:200]
        return jsonify(reasons=[p.code for p in reasons_against(account, typed, vault=current_vault())])

    @expose("/tokens", methods=["GET", "POST"])
    def tokens(self) -> Any:
        """List one's own tokens and make a new one, which is shown this once."""
        account = current_account()
        if account is None:
            return _to_sign_in()
        form, made, problems = TokenForm(), None, []
        form.days.choices = [(days, _("%(count)d days", count=days)) for days in tokens.DAYS]
        if form.validate_on_submit():
            made, row = tokens.issue(
                account, form.name.data, vault=current_vault(), actor=self.actor, days=form.days.data
            )
            flash(_("The token “%(name)s” was made.", name=row.name), "success")
        mine = [_shown(row) for row in tokens.own_tokens(actor=self.actor)]
        page = self.render_template("account/tokens.html", title=_("Tokens for programs"), form=form, problems=problems,
                                    token=made, tokens=mine)  # fmt: skip
        return page, 422 if form.errors else 200

    @expose("/tokens/<number>/revoke", methods=["POST"])
    def revoke(self, number: str) -> Any:
        """End one of one's own tokens."""
        tokens.revoke(number, actor=self.actor)
        flash(_("The token is no longer good."), "success")
        return redirect(url_for("AccountPage.tokens"))


def _shown(row: ApiKey) -> dict[str, Any]:
    """Return a token as the page shows it; the framework's columns hold UTC without saying so."""
    ends = row.expires_on.replace(tzinfo=UTC) if row.expires_on else None
    made = row.created_on.replace(tzinfo=UTC) if row.created_on else None
    return {"name": row.name, "prefix": row.key_prefix, "number": row.uuid, "made": made, "ends": ends}


def _to_sign_in() -> Any:
    return redirect(url_for("SignInView.login", next=request.path))


def take(form: FlaskForm, error: DomainError) -> list[str]:
    """Put each problem beside its field; return those that belong to none."""
    whole = []
    for problem in error.problems:
        field = form._fields.get(problem.field or "")
        if field is None:
            whole.append(sentence(problem))
        else:
            field.errors = [*field.errors, sentence(problem)]
    return whole


VIEWS = (AccountPage,)
