"""Pages for a forgotten password (ACC-7)."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, request, session, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField, TelField
from wtforms.validators import InputRequired, Length

from app.domain.errors import DomainError
from app.services import recovery
from app.services.captcha import Answer, new_puzzle
from app.services.mail import send
from app.services.recovery import Letter
from app.views.fab import PageView
from app.views.own_account import rules, take
from app.web.actors import current_vault
from app.web.i18n import sentence

FILLED = [InputRequired(_l("Please fill this in.")), Length(max=128)]
STEPS = (_l("Document number"), _l("Name and phone"), _l("New password"))


class DocumentForm(FlaskForm):
    """Whose password."""

    document = StringField(_l("National ID number"), FILLED, render_kw={"autocomplete": "off"})
    captcha = StringField(_l("Characters of the picture"), FILLED, render_kw={"autocomplete": "off"})
    captcha_token = HiddenField(validators=[Length(max=128)])


class PersonForm(FlaskForm):
    """What only the person knows."""

    name = StringField(_l("Person's name"), FILLED)
    phone = TelField(_l("Mobile"), FILLED, description=_l("The number in your record or your account"))


class NewPasswordForm(FlaskForm):
    """The new password, twice."""

    new = PasswordField(_l("New password"), FILLED, render_kw={"autocomplete": "new-password"})
    repeat = PasswordField(_l("New password again"), FILLED, render_kw={"autocomplete": "new-password"})


class RecoveryPage(PageView):
    """One step after the other; where somebody stands is kept in the session, sealed where it is personal."""

    route_base = "/recover"

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """Ask for the document number; go on whoever it belongs to."""
        form, problems, status = DocumentForm(), [], 200
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    answer = Answer(form.captcha_token.data or "", form.captcha.data or "")
                    recovery.begin(form.document.data, answer, address=request.remote_addr, vault=current_vault())
                    session["recover"] = current_vault().seal(form.document.data[:64]).decode("ascii")
                    return redirect(url_for("RecoveryPage.person"))
                except DomainError as error:
                    problems, status = take(form, error), error.status
        puzzle = new_puzzle(current_vault())
        form.captcha.data, form.captcha_token.data = "", puzzle.token
        form.captcha_token.raw_data = None
        return self._page(1, form, problems, captcha=puzzle.picture), status

    @expose("/person", methods=["GET", "POST"])
    def person(self) -> Any:
        """Ask for name and phone."""
        document = self._document()
        if document is None:
            return redirect(url_for("RecoveryPage.index"))
        form, problems, status = PersonForm(), [], 200
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    session["recover_token"] = recovery.prove(
                        document, form.name.data, form.phone.data, address=request.remote_addr, vault=current_vault()
                    )
                    session.pop("recover")
                    return redirect(url_for("RecoveryPage.password"))
                except DomainError as error:
                    problems, status = take(form, error), error.status
        return self._page(2, form, problems, mail=bool(current_app.config["SETTINGS"].SMTP_URL)), status

    @staticmethod
    def _document() -> str | None:
        sealed = session.get("recover")
        return current_vault().open(sealed.encode("ascii")) if sealed else None

    @expose("/letter", methods=["POST"])
    def letter(self) -> Any:
        """Send a link to the address of whoever this is; say the same to everybody, and send after that."""
        document = self._document()
        if document is None or not current_app.config["SETTINGS"].SMTP_URL:
            return redirect(url_for("RecoveryPage.index"))
        letter = recovery.letter_for(document, address=request.remote_addr, vault=current_vault())
        flash(_("If there is an account with an e-mail address for this number, a link is on its way. It is good for "
                "%(minutes)d minutes.", minutes=recovery.MINUTES_BY_MAIL), "info")  # fmt: skip
        response = redirect(url_for("RecoveryPage.person"))
        if letter is not None:
            response.call_on_close(_posting(letter))
        return response

    @expose("/link/<token>")
    def link(self, token: str) -> Any:
        """Take the token of a mailed link out of the address."""
        session["recover_token"] = token[:200]
        return redirect(url_for("RecoveryPage.password"))

    @expose("/password", methods=["GET", "POST"])
    def password(self) -> Any:
        """Ask for the new password and set it."""
        token, form, problems = session.get("recover_token", ""), NewPasswordForm(), []
        try:
            recovery.account_for(token, vault=current_vault())
        except DomainError as error:
            session.pop("recover_token", None)
            flash(sentence(error.problems[0]), "warning")
            return redirect(url_for("RecoveryPage.index"))
        if form.validate_on_submit():
            if form.new.data != form.repeat.data:
                form.repeat.errors = [_("The two new passwords differ.")]
            else:
                try:
                    recovery.set_new_password(token, form.new.data, address=request.remote_addr, vault=current_vault())
                    session.clear()
                    flash(_("The new password counts now. Sign in with it."), "success")
                    return redirect(url_for("SignInView.login"))
                except DomainError as error:
                    problems = take(form, error)
        return self._page(3, form, problems, rules=rules()), 422 if problems or form.errors else 200

    def _page(self, step: int, form: FlaskForm, problems: list[str], **more: Any) -> Any:
        states = ["done" if n < step else "now" if n == step else "coming" for n in range(1, len(STEPS) + 1)]
        steps = [{"label": str(label), "state": state} for label, state in zip(STEPS, states, strict=True)]
        return self.render_template("account/recover.html", title=_("Forgotten password"), form=form,
                                    problems=problems, steps=steps, **more)  # fmt: skip


def _posting(letter: Letter) -> Any:
    """Return what sends the letter once the answer has gone out."""
    settings = current_app.config["SETTINGS"]
    address = url_for("RecoveryPage.link", token=letter.token, _external=True)
    text = _("%(name)s, hello!\n\nSomebody, probably you, asked for a new password. Open this address to choose one:\n"
             "%(address)s\n\nIf it was not you, do nothing.", name=letter.name, address=address)  # fmt: skip
    subject = _("Choose a new password")
    return lambda: send(settings.SMTP_URL, to=letter.email, subject=subject, text=text)


VIEWS = (RecoveryPage,)
