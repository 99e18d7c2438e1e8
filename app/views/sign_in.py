"""Signing in, in place again, and out (ACC-2, ACC-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, g, jsonify, redirect, request, session, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.domain.errors import DomainError
from app.models import Account
from app.services.captcha import Answer, new_puzzle
from app.services.parameters import policy_of
from app.services.sign_in import captcha_needed, sign_in
from app.views.fab import PageView
from app.views.fab.pages import safe_next
from app.web.actors import current_actor, current_vault, forget_actor, mark_session
from app.web.i18n import sentence

ANY_LENGTH = Length(max=128)


class SignInForm(FlaskForm):
    """Who, and the password."""

    username = StringField(
        _l("Account"),
        [InputRequired(_l("Please fill this in.")), ANY_LENGTH],
        description=_l("User name, teacher number or national ID"),
    )
    password = PasswordField(_l("Password"), [InputRequired(_l("Please fill this in.")), ANY_LENGTH])
    captcha = StringField(_l("Characters of the picture"), [ANY_LENGTH])
    captcha_token = HiddenField(validators=[ANY_LENGTH])
    remember = BooleanField(_l("Stay signed in on this device"))


def begin_session(account: Account, *, remember: bool = False) -> None:
    """Begin a new session for `account`; nothing of an older one survives but the language."""
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language
    mark_session(account.session_version)
    login_user(account, remember=remember, duration=timedelta(days=policy_of().remember_days))
    forget_actor()
    g.pop("csrf_token", None)


class SignInView(PageView):
    """The door."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """Show the form, or let in who gives the right password."""
        if request.method == "GET" and current_actor().signed_in:
            return redirect(self.get_redirect())
        form, problems, status = SignInForm(), [], 200
        if request.method == "POST":
            problems, status = self._try(form)
            if status == 200:
                return redirect(safe_next(url_for("HomeView.index")))
        page = self.render_template(
            "account/sign_in.html", title=_("Sign in"), form=form, problems=problems, captcha=self._ask(form),
            next=request.values.get("next", ""), url_recover=url_for("RecoveryPage.index"),
            demo=current_app.config["SETTINGS"].DEMO,
        )  # fmt: skip
        return page, status

    def _try(self, form: SignInForm) -> tuple[list[str], int]:
        if not form.validate():
            return [_("Please fill in account and password.")], 422
        answer = Answer(form.captcha_token.data or "", form.captcha.data or "")
        try:
            account = sign_in(
                form.username.data,
                form.password.data,
                vault=current_vault(),
                address=request.remote_addr,
                captcha=answer,
            )
        except DomainError as error:
            return [sentence(p) for p in error.problems], error.status
        begin_session(account, remember=bool(form.remember.data))
        return [], 200

    @staticmethod
    def _ask(form: SignInForm) -> str | None:
        """Put a new picture question on the form when one is needed, else take its fields away (P18)."""
        if not captcha_needed(form.username.data or "", vault=current_vault(), address=request.remote_addr):
            del form.captcha, form.captcha_token
            return None
        puzzle = new_puzzle(current_vault())
        form.captcha.data, form.captcha_token.data = "", puzzle.token
        return puzzle.picture

    @expose("/login/again", methods=["POST"])
    def again(self) -> Any:
        """Sign in from within a page whose session has ended; the form there stays as it is."""
        form = SignInForm()
        problems, status = self._try(form)
        body = {"ok": status == 200, "csrf_token": generate_csrf(), "errors": problems}
        if status == 200:
            body["account_id"] = current_actor().account_id
        else:
            body["captcha"] = self._ask(form)
            body["captcha_token"] = form.captcha_token.data if body["captcha"] else None
        return jsonify(body), status

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """Sign out here."""
        session.clear()
        logout_user()  # after clearing: it leaves the note that the remembering cookie goes
        forget_actor()
        return redirect(url_for("SignInView.login"))
