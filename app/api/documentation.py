"""The description of the API for programs (OpenAPI) and for people, both behind sign-in."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import current_app, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.api import expose as expose_api
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _

from app.api.guard import JsonApi, signed_in
from app.api.reading import chapters
from app.views.fab import PageView

VERSION = "v1"
EXAMPLE = """\
curl -X POST {server}/api/v1/session -H 'Content-Type: application/json' -d '{{"username": "…", "password": "…"}}'
curl '{server}/api/v1/school/?size=50' -H 'Authorization: Bearer …'
"""
PROBLEMS = {
    "type": "object",
    "required": ["problems"],
    "properties": {
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "field": {"type": "string", "nullable": True},
                    "params": {"type": "object"},
                },
            },
        },
        "request_id": {"type": "string", "nullable": True},
    },
}


class PlatformOpenApi(JsonApi):
    """The description for programs."""

    route_base = "/api"
    class_permission_name = "Home"
    openapi_spec_tag = "Documentation"

    @expose_api(f"/{VERSION}/_openapi", methods=["GET"])
    @signed_in
    def get(self) -> Any:
        """Describe the API.
        ---
        get:
          summary: This description
          responses:
            200:
              description: OpenAPI 3
        """
        return self.response(200, **describe().to_dict())


def describe() -> APISpec:
    """Return the description of everything the API does."""
    name = current_app.config["APP_NAME"]
    spec = APISpec(
        title=name,
        version=VERSION,
        openapi_version="3.0.3",
        info={"description": _("Sign in at POST /api/v1/session and send the token as Authorization: Bearer …")},
        plugins=[MarshmallowPlugin(schema_name_resolver=_name_of)],
        servers=[{"url": request.host_url}],
    )
    spec.components.schema("Problems", PROBLEMS)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for api in current_app.appbuilder.baseviews:
        if isinstance(api, JsonApi):
            api.add_api_spec(spec)
    return spec


def _name_of(schema: Any) -> str:
    return str(getattr(resolve_schema_cls(schema), "__name__", ""))


class ApiPage(PageView):
    """The description for people."""

    route_base = "/swagger"
    method_permission_name = {"index": "read"}

    @expose(f"/{VERSION}")
    @has_access
    @permission_name("read")
    def index(self) -> Any:
        """Show what the API offers, chapter by chapter."""
        return self.render_template(
            "api/index.html",
            title=_("Programming interface"),
            openapi_uri=url_for("PlatformOpenApi.get"),
            example=EXAMPLE.format(server=request.host_url.rstrip("/")),
            chapters=chapters(describe().to_dict()),
        )
