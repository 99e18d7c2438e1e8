"""The only base of generated screens: list, show, add, edit, delete, bulk actions and choices of one entity.

The framework generates routes, permissions and pages; rows are read through the scope, written through services.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_appbuilder import ModelView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import or_
from sqlalchemy.orm import RelationshipProperty

from app.domain.errors import DomainError, NotPermitted
from app.extensions import db
from app.security.scope import fetch_visible, is_declared, is_manageable, select_visible
from app.services import records
from app.views.fab.columns import cell_of, label_of, loads_of, name_of, property_of, sort_key, value_at
from app.views.fab.export import Exporting
from app.views.fab.filters import Filter
from app.views.fab.forms import RecordForm, make_form
from app.views.fab.interface import ScopedInterface
from app.views.fab.list_tools import ListTools
from app.views.fab.listing import Asked, Chip, Control, ListColumn, Listing, ListRow, RowAction
from app.views.fab.pages import Edge, safe_next
from app.views.fab.pages_of_rows import TOTALS, rows_of_page
from app.web.i18n import sentence

# Aliases, because inside the class `list` is the framework's list page.
Actions: TypeAlias = list[RowAction]
Conditions: TypeAlias = list[Any]
Keys: TypeAlias = list[str]
Loads: TypeAlias = tuple[Any, ...]
MOST_ROWS = 500  # chosen for one bulk action
OPTIONS = 30  # choices sent for one search
PERMISSIONS = {
    "list": "read", "show": "read", "options": "read", "add": "create", "edit": "edit", "delete": "delete",
    "action": "read", "action_post": "read", "export": "export",
}  # fmt: skip


class RecordView(Exporting, ListTools, Edge, ModelView):
    """Screens of `model`. Declare columns, filters and form fields; labels come from the table.

    Raises RuntimeError at start-up for a model without a scope rule.
    """

    model: type[Any]
    filters: tuple[Filter, ...] = ()
    form_columns: tuple[str, ...] = ()
    create_columns: tuple[str, ...] | None = None
    order_by: str = "id"  # "-id": the newest first
    interface: type[ScopedInterface] = ScopedInterface
    search_in: tuple[str, ...] = ("name",)
    editable = True
    empty_hint = ""
    bulk_reason = ""  # the hint of the field for a reason beside the acts on chosen rows
    import_sheet = ""  # the sheet of app/exchange these rows are imported with

    # The framework's own download serves any uploaded file to anybody: there is no such route here.
    exclude_route_methods = {"download"}
    list_template = "records/list.html"
    show_template = "records/show.html"
    form_template = "records/form.html"

    def __init__(self, **options: Any) -> None:
        if not is_declared(self.model):
            raise RuntimeError(f"{type(self).__name__}: write a scope rule for {self.model.__name__} first")
        self.datamodel = self.interface(self.model, db.session)
        self.resource = self.class_permission_name = self.model.__name__
        self.method_permission_name = {**PERMISSIONS, **(self.method_permission_name or {})}
        if not self.editable:
            self.exclude_route_methods = self.exclude_route_methods | {"add", "edit", "delete"}
        super().__init__(**options)

    def _init_properties(self) -> None:
        """Let the framework know the columns; its own forms stay unused."""
        self.list_columns = list(self.list_columns or ["name"])
        self.show_columns = list(self.show_columns or self.list_columns)
        self.order_columns = list(self.order_columns or [n for n in self.columns_offered() if self._sortable(n)])
        self.add_columns = self.edit_columns = []
        self.label_columns = {}
        super()._init_properties()

    def _init_forms(self) -> None:
        """Make no forms at start-up: they are made for each request, in its language."""
        self.search_form = self.add_form = self.edit_form = RecordForm

    def _sortable(self, name: str) -> bool:
        mapped = property_of(self.model, name)
        return mapped is not None and not isinstance(mapped, RelationshipProperty)

    # --- list

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """Show one page of the visible rows."""
        page = self.render_template(self.list_template, title=self.title_of(), view=self, listing=self.listing())
        return self.remembering(page)

    def title_of(self) -> str:
        """Return what the rows are called."""
        return _(self.model.__label__)

    def listing(self, extra: tuple[Any, ...] = ()) -> Listing:
        """Return the page of the list the URL asks for; `extra` conditions narrow it further."""
        asked = Asked.from_request([f.name for f in self.filters], self.order_columns)
        statement = self.datamodel.statement([*self.conditions(asked), *extra])
        count = TOTALS.count(statement, self.datamodel.count)
        page = min(asked.page, max(1, -(-count // asked.size)))
        names = self.columns_shown()
        order, options = self.ordering(asked), self.loads(names)
        rows = rows_of_page(self.model, statement, order, page=page, size=asked.size, count=count, options=options)
        return Listing(
            columns=[self._head(name, asked) for name in names],
            rows=[self._row(row, names) for row in rows],
            count=count,
            asked=asked,
            actions=self.bulk_actions(),
            controls=[self.control(f, asked) for f in self.offered_filters()],
            chips=[self._chip(f, asked) for f in self.filters if f.means(self.model, asked.filters)],
            url_add=self._url("add") if self.may("create", "add") else None,
            url_export=self._url("export") + asked.url(page=1) if self.may("export", "export") else None,
            empty_text=_(self.empty_hint) if self.empty_hint else _("Nothing here yet."),
            tools=self.list_tools(asked, self.actor),
        )

    def offered_filters(self) -> Sequence[Filter]:
        """Return the filters that part the rows this person sees."""
        return [f for f in self.filters if f.useful_to(self.actor)]

    def conditions(self, asked: Asked) -> Conditions:
        """Return the conditions of the filters in force."""
        kept = [f for f in self.filters if f.means(self.model, asked.filters)]
        return [f.condition(self.model, asked.filters[f.name]) for f in kept]

    def ordering(self, asked: Asked) -> tuple[Any, ...]:
        """Return the order, ending in the key so that pages never overlap."""
        key = getattr(self.model, self.datamodel.get_pk_name())
        name = asked.order or self.order_by.removeprefix("-")
        descending = asked.descending if asked.order else self.order_by.startswith("-")
        chosen = sort_key(self.model, name)
        return (chosen.desc() if descending else chosen, key.desc() if descending else key)

    def loads(self, names: Iterable[str]) -> Loads:
        """Return what is loaded together with the rows, so that no cell asks the database by itself."""
        return loads_of(self.model, names)

    def _is_relation(self, name: str) -> bool:
        return isinstance(property_of(self.model, name), RelationshipProperty)

    def _head(self, name: str, asked: Asked) -> ListColumn:
        current = asked.order == name
        direction = ("desc" if asked.descending else "asc") if current else ""
        target = f"-{name}" if direction == "asc" else name
        return ListColumn(
            name, label_of(self.model, name), name in self.order_columns, direction, asked.url(order=target, page=1)
        )

    def _row(self, row: Any, names: Keys) -> ListRow:
        return ListRow(
            pk=row.id,
            title=self.name_of(row),
            cells=[cell_of(self.value_of(row, name)) for name in names],
            url_show=self._url("show", pk=row.id) if "show" not in self.exclude_route_methods else None,
            url_edit=self._url("edit", pk=row.id) if self.may("edit", "edit") else None,
            url_delete=self._url("delete", pk=row.id) if self.may("delete", "delete") else None,
        )

    def name_of(self, row: Any) -> str:
        """Return what a row is called on titles and buttons."""
        return name_of(row)

    def value_of(self, row: Any, name: str) -> Any:
        """Return the value of a list or show column; override to mask."""
        return value_at(row, name)

    def control(self, declared: Filter, asked: Asked) -> Control:
        """Return a filter as the bar shows it."""
        value = asked.filters.get(declared.name, "")
        return Control(
            param=declared.name,
            label=declared.title(self.model),
            kind=declared.kind,
            value=value,
            value_label=declared.told(value) if value else "",
            choices=[(str(v), t) for v, t in declared.options()],
            url=self._url("options", name=declared.name) if declared.kind == "remote" else "",
        )

    def _chip(self, declared: Filter, asked: Asked) -> Chip:
        value = asked.filters[declared.name]
        return Chip(declared.title(self.model), declared.told(value), asked.url(**{declared.name: "", "page": 1}))

    def bulk_actions(self) -> Actions:
        """Return the actions on chosen rows that the actor may do."""
        return [
            RowAction(
                a.name,
                _(a.text),
                a.icon,
                _(a.confirmation) if a.confirmation else "",
                bool(a.multiple),
                self._url("action_post"),
            )
            for a in self.actions.values()
            if self.actor.may(self._verb(a.name), self.resource)
        ]

    # --- show

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """Show one visible row."""
        row = fetch_visible(self.model, pk, actor=self.actor)
        manageable = is_manageable(row, actor=self.actor)
        return self.render_template(
            self.show_template,
            title=self.name_of(row),
            view=self,
            row=row,
            facts=[(label_of(self.model, n), cell_of(self.value_of(row, n))) for n in self.show_columns],
            url_edit=self._url("edit", pk=row.id) if manageable and self.may("edit", "edit") else None,
            url_delete=self._url("delete", pk=row.id) if manageable and self.may("delete", "delete") else None,
            **self.show_extras(row),
        )

    def show_extras(self, row: Any) -> dict[str, Any]:
        """Return what a page shows besides the facts: related lists, a history."""
        return {}

    # --- add and edit

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """Show the empty form, or create the row through the service."""
        form = self.form_class(self.create_columns or self.form_columns)()
        title = _("Add: %(thing)s", thing=self.title_of())
        return self._handle(form, lambda: self.save_new(form), title, None)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """Show the filled form, or save it through the service."""
        row = fetch_visible(self.model, pk, actor=self.actor)
        if not is_manageable(row, actor=self.actor):
            raise NotPermitted
        form = self.form_class(self.form_columns)(obj=row)
        title = _("Edit: %(thing)s", thing=self.name_of(row))
        return self._handle(form, lambda: self.save_changes(row, form), title, row)

    def form_class(self, names: tuple[str, ...]) -> type[RecordForm]:
        """Return the form for these columns."""
        remote = frozenset(n for n in names if self._is_remote(n))
        return make_form(self.model, names, self.route_base, remote)

    def _is_remote(self, name: str) -> bool:
        mapped = property_of(self.model, name)
        return isinstance(mapped, RelationshipProperty) and not hasattr(mapped.mapper.class_, "position")

    def save_new(self, form: RecordForm) -> Any:
        """Create the row; override to call a named verb."""
        return records.create(self.model, form.values(), actor=self.actor)

    def save_changes(self, row: Any, form: RecordForm) -> Any:
        """Change the row; override to call a named verb."""
        seen = request.form.get("version", type=int)
        return records.update(self.model, row.id, form.values(), actor=self.actor, expected_version=seen)

    def _handle(self, form: RecordForm, save: Any, title: str, row: Any) -> Any:
        """Show the form, or save and go on; on any problem show it again with everything typed."""
        problems: list[str] = []
        status = 200
        version = request.form.get("version") or getattr(row, "version", "")
        if request.method == "POST":
            if form.validate():
                try:
                    saved = save()
                    flash(_("Saved: %(thing)s", thing=self.name_of(saved)), "success")
                    return redirect(self.get_redirect_after(saved))
                except DomainError as error:
                    if error.status == 404:
                        raise
                    db.session.rollback()
                    problems, status = form.take(error), error.status
                    version = form.version_after(error, row) or version
            else:
                status = 422
        page = self.render_template(
            self.form_template, title=title, view=self, form=form, problems=problems, version=version,
            url_cancel=self._url("list") if row is None else self._url("show", pk=row.id),
        )  # fmt: skip
        return page, status

    def get_redirect_after(self, row: Any) -> str:
        """Return where saving leads."""
        return self._url("show", pk=row.id)

    # --- delete and actions

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        """Delete one row, or say what stands in the way."""
        try:
            self.remove(pk)
            flash(_("Deleted."), "success")
        except DomainError as error:
            if error.status == 404:
                raise
            db.session.rollback()
            for problem in error.problems:
                flash(sentence(problem), "danger")
        return redirect(safe_next(self._url("list")))

    def remove(self, pk: str) -> None:
        """Delete the row; override to call a named verb."""
        records.delete(self.model, pk, actor=self.actor)

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Any:
        """Run an action on one row."""
        return self._run_action(name, [pk])

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Any:
        """Run an action on the chosen rows."""
        return self._run_action(request.form.get("action", ""), request.form.getlist("rowid")[:MOST_ROWS])

    def _verb(self, action_name: str) -> str:
        return (self.method_permission_name or {}).get(self.actions[action_name].func.__name__, action_name)

    def _run_action(self, name: str, keys: Keys) -> Any:
        """Run a declared action, permitted, on rows that are all visible."""
        if not self.actor.signed_in:
            return redirect(url_for("SignInView.login", next=self._url("list")))
        if name not in self.actions:
            abort(404)
        self.actor.require(self._verb(name), self.resource)
        rows = [self.fetch(key) for key in keys]
        if not rows:
            flash(_("Choose at least one row first."), "warning")
            return redirect(self._url("list"))
        return self.actions[name].func(rows) or redirect(self._url("list"))

    # --- choices

    @expose("/options/<string:name>")
    @has_access
    def options(self, name: str) -> Any:
        """Return the visible choices of a relation of a form or filter that match `q`, a page at a time."""
        target = self._target(name)
        page = max(request.args.get("page", 1, type=int), 1)
        statement = select_visible(target, self.actor)
        wanted = request.args.get("q", "").strip()[:50]
        searched = [
            c
            for c in ("name", "code", "username", "last_name", "title", "number")
            if hasattr(target, c) and self._mapped(target, c)
        ]
        if wanted:
            statement = statement.where(or_(*(getattr(target, c).icontains(wanted, autoescape=True) for c in searched)))
        order = getattr(target, searched[-1] if target.__name__ == "Region" else searched[0])
        rows = db.session.scalars(
            statement.order_by(order, target.id).limit(OPTIONS + 1).offset((page - 1) * OPTIONS)
        ).all()
        return jsonify(results=[{"id": r.id, "text": str(r)} for r in rows[:OPTIONS]], more=len(rows) > OPTIONS)

    @staticmethod
    def _mapped(model: type[Any], name: str) -> bool:
        return property_of(model, name) is not None

    def _target(self, name: str) -> type[Any]:
        for declared in self.filters:
            if declared.name == name and declared.target is not None:
                return declared.target
        if name not in {*self.form_columns, *(self.create_columns or ())} or not self._is_relation(name):
            abort(404)
        return property_of(self.model, name).mapper.class_

    # --- small helpers

    def fetch(self, key: Any) -> Any:
        """Return the row an action is about; override where the screen shows other rows than the scope does."""
        return fetch_visible(self.model, key, actor=self.actor)

    def may(self, verb: str, route: str) -> bool:
        """Tell whether the actor may do `verb` and this screen offers `route`."""
        offered = route not in self.exclude_route_methods and hasattr(type(self), route)
        return offered and self.actor.may(verb, self.resource)

    def _url(self, route: str, **values: Any) -> str:
        return url_for(f"{self.endpoint}.{route}", **values)
