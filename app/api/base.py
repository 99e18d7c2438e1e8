"""The only base of generated read resources: one row, a page of rows, what can be asked (OPS-6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from flask import request
from flask_appbuilder.api import ModelRestApi, expose
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, selectinload

from app.api.guard import JsonApi, misfit, permitted
from app.api.shapes import RowName, ShapeConverter
from app.domain.errors import Invalid, Problems
from app.domain.numbers import number_of
from app.domain.text import N_
from app.extensions import db
from app.security.scope import fetch_visible
from app.views.fab.columns import label_of, property_of
from app.views.fab.filters import Filter
from app.views.fab.interface import ScopedInterface
from app.web.actors import current_actor

PAGE_SIZE, MOST_ROWS, MOST_PAGES = 50, 200, 100_000
ASKED = ("page", "size", "order")


class ResourceApi(JsonApi, ModelRestApi):
    """Rows of `model` within the actor's scope; columns, filters and permission are those of its screen.

    The query is that of the screens, written as plain parameters: `?page=1&size=50&order=-code`
    and a parameter for each filter. An undeclared one is refused, never ignored. Absent and foreign rows both answer
    404. The framework's filters, forms and writing routes are not used: filters stand on the shared instance there.
    """

    model: type[Any]
    filters: ClassVar[tuple[Filter, ...]] = ()
    include_route_methods = {"get", "get_list", "info"}
    model2schemaconverter = ShapeConverter
    apispec_parameter_schemas: dict[str, Any] = {}
    _apispec_parameter_schemas: dict[str, Any] = {}

    def __init__(self) -> None:
        self.datamodel = ScopedInterface(self.model, db.session)
        self.by_name = {f.name: f for f in self.filters if f.name not in ASKED}
        super().__init__()
        self.openapi_spec_tag = self.model.__name__
        self.openapi_spec_methods = {"get_list": {"get": {"parameters": self._parameters()}}}

    def _init_properties(self) -> None:
        """Keep to the declared columns: the framework would fill up with every column there is."""

    def _init_model_schemas(self) -> None:
        """Make the two schemas for reading; there are none for writing."""
        make: Any = self.model2schemaconverter  # an instance by now
        self.show_model_schema = make.convert(self.show_columns, parent_schema_name=self.show_model_schema_name)
        self.list_model_schema = make.convert(self.list_columns, parent_schema_name=self.list_model_schema_name)

    def add_apispec_components(self, api_spec: Any) -> None:
        """Describe the rows."""
        super(ModelRestApi, self).add_apispec_components(api_spec)
        if "RowName" not in api_spec.components.schemas:
            api_spec.components.schema("RowName", schema=RowName)
        api_spec.components.schema(self.list_model_schema_name, schema=self.list_model_schema)
        api_spec.components.schema(self.show_model_schema_name, schema=self.show_model_schema)

    def _parameters(self) -> list[dict[str, Any]]:
        names = {
            "page": {"type": "integer", "minimum": 1, "maximum": MOST_PAGES},
            "size": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
            "order": {"type": "string", "enum": [*self.order_columns, *(f"-{name}" for name in self.order_columns)]},
            **{name: {"type": "string"} for name in self.by_name},
        }
        return [{"in": "query", "name": name, "schema": schema} for name, schema in names.items()]

    # --- routes

    @expose("/<int:pk>", methods=["GET"])
    @permitted
    @permission_name("read")
    def get(self, pk: int) -> Any:
        """Return one row.
        ---
        get:
          summary: One row within scope
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer}}
          responses:
            200:
              description: The row
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      id: {type: integer}
                      result: {$ref: '#/components/schemas/{{self.__class__.__name__}}.get'}
        """
        row = fetch_visible(self.model, pk, actor=current_actor(), options=self._loads(self.show_columns))
        return self.response(200, id=row.id, result=self.show_model_schema.dump(row))

    @expose("/", methods=["GET"])
    @permitted
    @permission_name("read")
    def get_list(self) -> Any:
        """Return a page of rows.
        ---
        get:
          summary: A page of the rows within scope
          responses:
            200:
              description: The page and how many rows there are in all
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      count: {type: integer}
                      page: {type: integer}
                      size: {type: integer}
                      result:
                        type: array
                        items: {$ref: '#/components/schemas/{{self.__class__.__name__}}.get_list'}
        """
        problems = Problems()
        conditions = conditions_asked(self.model, self.by_name, problems, besides=ASKED)
        page = _number("page", 1, 1, MOST_PAGES, problems)
        size = _number("size", PAGE_SIZE, 1, MOST_ROWS, problems)
        order = self._order(problems)
        problems.raise_if_any(Invalid)
        statement = self.datamodel.statement(conditions)
        count = self.datamodel.count(statement)
        rows = db.session.scalars(
            statement.options(*self._loads(self.list_columns)).order_by(*order).limit(size).offset((page - 1) * size)
        ).all()
        result = self.list_model_schema.dump(rows, many=True)
        return self.response(200, count=count, page=page, size=size, result=result)

    @expose("/_info", methods=["GET"])
    @permitted
    @permission_name("read")
    def info(self) -> Any:
        """Tell what can be asked.
        ---
        get:
          summary: Columns, filters and orders of this resource, and what the caller may do
          responses:
            200:
              description: What can be asked
              content:
                application/json:
                  schema: {type: object}
        """
        actor = current_actor()
        return self.response(
            200,
            title=_(self.model.__label__),
            columns=[{"name": name, "label": label_of(self.model, name)} for name in self.show_columns],
            filters=[{"name": name, "kind": f.kind, "label": f.title(self.model)} for name, f in self.by_name.items()],
            orders=list(self.order_columns),
            permissions=sorted(verb for verb, resource in actor.permissions if resource == self.class_permission_name),
        )

    # --- what was asked

    def _order(self, problems: Problems) -> tuple[Any, ...]:
        """Return the order, ending in the key so that pages never overlap."""
        asked = request.args.get("order", "id")
        name = asked.removeprefix("-")
        if name not in (*self.order_columns, "id"):
            text = N_("Rows cannot be put in order by this; see the API documentation.")
            problems.add("bad_order", text, field="order")
            return ()
        chosen = getattr(self.model, name)
        return (chosen.desc() if asked.startswith("-") else chosen, self.model.id)

    def _loads(self, names: Any) -> tuple[Any, ...]:
        relations = [n for n in names if isinstance(property_of(self.model, n), RelationshipProperty)]
        return tuple(selectinload(getattr(self.model, name)) for name in relations)


def conditions_asked(
    model: type[Any], filters: Mapping[str, Filter], problems: Problems, *, besides: Collection[str]
) -> list[Any]:
    """Return the conditions of the filters in the address; `besides` are its other parameters, which mean no filter."""
    conditions = []
    for name, value in request.args.items():
        if name in besides:
            continue
        found = filters.get(name)
        condition = found.condition(model, value) if found and "\x00" not in value else None
        if condition is None:
            problems.found.append(misfit(name, "bad_filter" if found else "unknown"))
        conditions.append(condition)
    return conditions


def _number(name: str, default: int, least: int, most: int, problems: Problems) -> int:
    """Return a whole number of the query between `least` and `most`; note a problem for anything else."""
    given = request.args.get(name)
    if given is None:
        return default
    number = number_of(given)
    if number is not None and least <= number <= most:
        return number
    text = N_("Give a whole number from %(least)s to %(most)s.")
    problems.add("out_of_range", text, field=name, least=least, most=most)
    return default
