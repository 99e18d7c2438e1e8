"""Roles: what each may do as a matrix in words, who holds it, and the changes to it (ACC-12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.domain.errors import DomainError
from app.domain.terms import RoleName
from app.extensions import db
from app.models import Account, Role
from app.security.roles import CATALOGUE
from app.security.scope import fetch_visible, select_visible
from app.security.words import by_chapter, resource_label, verb_label
from app.services import permissions
from app.views.fab import RecordView, contains
from app.web.i18n import role_label, sentence

HOLDERS_SHOWN = 30
OTHER_NAMES = len(RoleName)


@dataclass(frozen=True)
class Cell:
    """One permission: its value in the form, its word, whether it is held; `changed` is given, taken or empty."""

    value: str
    label: str
    held: bool
    always: bool
    changed: str


@dataclass(frozen=True)
class Line:
    """One role of the list; `changes` is None for a role somebody added."""

    role: Role
    label: str
    held: int
    holders: int
    changes: int | None


class NewRoleForm(FlaskForm):
    """The name of a role of one's own, and the role it begins like."""

    name = StringField(_l("Name of the role"), [InputRequired(_l("Please fill this in.")), Length(max=40)])
    like = SelectField(_l("Begins with the permissions of"), default="")


class RoleView(RecordView):
    """The roles. The system administrator's is fixed; nobody changes a role they hold themselves."""

    model = Role
    exclude_route_methods = {"download", "export", "edit", "action", "action_post", "options"}
    method_permission_name = {"save": "edit", "restore": "edit", "restore_all": "edit"}
    list_columns = ["name"]
    filters = (contains("name"),)

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """Show every role with how much it holds, by whom it is held, and whether it differs from its default."""
        rows = db.session.scalars(select_visible(Role, self.actor).options(selectinload(Role.permissions))).all()
        holders = permissions.counts_of_holders()
        lines = sorted((self._line(role, holders) for role in rows), key=_standing)
        return self.render_template("roles/list.html", title=_("Roles and permissions"), view=self, lines=lines)

    @staticmethod
    def _line(role: Role, holders: dict[int, int]) -> Line:
        held, default = permissions.held_by(role), permissions.default_of(role)
        changes = None if default is None else len(held ^ default)
        return Line(role, role_label(role.name), len(held), holders.get(role.id, 0), changes)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """Show one role: the matrix of its permissions and who holds it."""
        return self._page(fetch_visible(Role, pk, actor=self.actor))

    def _page(self, role: Role, problems: tuple[str, ...] = (), wanted: frozenset[Any] | None = None) -> Any:
        held, default = permissions.held_by(role), permissions.default_of(role)
        fixed = [sentence(p) for p in permissions.why_fixed(role, self.actor).found]
        may_edit = self.actor.may("edit", "Role") and not fixed
        holders = select_visible(Account, self.actor).where(Account.roles.any(Role.id == role.id))
        return self.render_template(
            "roles/show.html", title=role_label(role.name), view=self, role=role, problems=problems, may_edit=may_edit,
            fixed=fixed if self.actor.may("edit", "Role") else [], added=default is None,
            chapters=_matrix(held if wanted is None else wanted, default),
            changes=len(held ^ default) if default is not None else 0,
            holders=db.session.scalars(holders.order_by(Account.id).limit(HOLDERS_SHOWN)).all(),
            holder_count=db.session.scalar(select(func.count()).select_from(holders.subquery())) or 0,
        )  # fmt: skip

    @expose("/save/<pk>", methods=["POST"])
    @has_access
    def save(self, pk: str) -> Any:
        """Let the role hold what is ticked."""
        chosen = (value.partition(":") for value in request.form.getlist("held"))
        wanted = frozenset((verb, resource) for verb, _colon, resource in chosen)
        try:
            role = permissions.set_permissions(pk, wanted, actor=self.actor)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            role = fetch_visible(Role, pk, actor=self.actor)
            return self._page(role, tuple(sentence(p) for p in error.problems), wanted), error.status
        said = _(
            "Saved: %(thing)s. It counts from the next click of whoever holds the role.", thing=role_label(role.name)
        )
        flash(said, "success")
        return redirect(self._url("show", pk=pk))

    @expose("/restore/<pk>", methods=["POST"])
    @has_access
    def restore(self, pk: str) -> Any:
        """Bring one role back to its default."""
        role = permissions.restore_role(pk, actor=self.actor)
        flash(_("“%(role)s” holds its default permissions again.", role=role_label(role.name)), "success")
        return redirect(self._url("show", pk=pk))

    @expose("/restore-all", methods=["POST"])
    @has_access
    def restore_all(self) -> Any:
        """Bring every role of the platform back to its default."""
        permissions.restore_roles(actor=self.actor)
        flash(_("All roles of the platform hold their default permissions again."), "success")
        return redirect(self._url("list"))

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """Add a role of one's own."""
        form, problems = NewRoleForm(), []
        roles = db.session.scalars(select_visible(Role, self.actor)).all()
        nothing = ("", _("Only what everybody may do"))
        form.like.choices = [nothing, *((str(role.id), role_label(role.name)) for role in roles)]
        if form.validate_on_submit():
            try:
                like = fetch_visible(Role, form.like.data, actor=self.actor) if form.like.data else None
                role = permissions.add_role(form.name.data, actor=self.actor, like=like)
                flash(_("Saved: %(thing)s", thing=role.name), "success")
                return redirect(self._url("show", pk=role.id))
            except DomainError as error:
                problems = [sentence(p) for p in error.problems]
        page = self.render_template("records/form.html", title=_("Add a role"), view=self, form=form, version="",
                                    problems=problems, url_cancel=self._url("list"))  # fmt: skip
        return page, 422 if problems or form.errors else 200

    def remove(self, pk: str) -> None:
        """Delete a role somebody added."""
        permissions.delete_role(pk, actor=self.actor)

    def title_of(self) -> str:
        """Return the heading of the list."""
        return _("Roles and permissions")


def _standing(line: Line) -> tuple[int, str]:
    """Return the place of a role in the list: as declared, then the added ones by name."""
    names = [role.value for role in RoleName]
    return (names.index(line.role.name) if line.role.name in names else OTHER_NAMES, line.role.name)


def _matrix(held: frozenset[Any], default: frozenset[Any] | None) -> list[tuple[str, list[tuple[str, list[Cell]]]]]:
    """Return chapters → resources → permissions, all in words."""
    return [
        (_(chapter), [(_(resource_label(name)), _cells(name, held, default)) for name in names])
        for chapter, names in by_chapter(CATALOGUE).items()
    ]


def _cells(resource: str, held: frozenset[Any], default: frozenset[Any] | None) -> list[Cell]:
    return [
        Cell(
            value=f"{pair[0]}:{resource}",
            label=_(verb_label(pair[0])),
            held=pair in held,
            always=pair in permissions.ALWAYS,
            changed=_changed(pair, held, default),
        )
        for pair in ((verb, resource) for verb in CATALOGUE[resource])
    ]


def _changed(pair: tuple[str, str], held: frozenset[Any], default: frozenset[Any] | None) -> str:
    if default is None or (pair in held) == (pair in default):
        return ""
    return "given" if pair in held else "taken"


VIEWS = (RoleView,)
