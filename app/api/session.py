"""Signing in by program: a token for eight hours, and the list of one's own tokens (OPS-6)."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_appbuilder.api import expose
from marshmallow import Schema, fields, validate

from app.api.guard import JsonApi, body, signed_in
from app.api.input import load
from app.domain.errors import NotPermitted, problem
from app.domain.text import N_
from app.models import ApiKey
from app.security.people import actor_of
from app.services import tokens
from app.services.sign_in import sign_in
from app.web.actors import current_actor, current_vault

LENGTH = validate.Length(min=1, max=128)


class SignInShape(Schema):
    """Who, the password, and what the token is for."""

    username = fields.String(required=True, validate=LENGTH)
    password = fields.String(required=True, validate=LENGTH)
    name = fields.String(load_default="API", validate=LENGTH)


class SessionApi(JsonApi):
    """Tokens."""

    resource_name = "session"
    class_permission_name = "Home"
    openapi_spec_tag = "Session"
    openapi_spec_component_schemas = (SignInShape,)

    @expose("", methods=["POST"])
    def post(self) -> Any:
        """Sign in.
        ---
        post:
          summary: Sign in; the token is shown this once
          security: []
          requestBody:
            required: true
            content:
              application/json:
                schema: {$ref: '#/components/schemas/SignInShape'}
          responses:
            201:
              description: The token and when it ends
        """
        given = load(SignInShape(), body())
        account = sign_in(given["username"], given["password"], vault=current_vault(), address=request.remote_addr)
        if account.must_change_password:
            raise NotPermitted(
                problem("must_change_password", N_("Sign in with a browser and change the first password."))
            )
        actor = actor_of(account, address=request.remote_addr)
        token, row = tokens.issue(account, given["name"], vault=current_vault(), actor=actor)
        return self.response(201, token=token, **_told(row))

    @expose("", methods=["GET"])
    @signed_in
    def get(self) -> Any:
        """List one's own tokens.
        ---
        get:
          summary: One's own tokens that are still good; the tokens themselves are never shown again
          responses:
            200:
              description: The tokens
        """
        return self.response(200, result=[_told(row) for row in tokens.own_tokens(actor=current_actor())])

    @expose("/<number>", methods=["DELETE"])
    @signed_in
    def delete(self, number: str) -> Any:
        """Revoke one of one's own tokens.
        ---
        delete:
          summary: Revoke one of one's own tokens
          parameters:
          - {in: path, name: number, required: true, schema: {type: string}}
          responses:
            200:
              description: It is no longer good
        """
        tokens.revoke(number, actor=current_actor())
        return self.response(200, revoked=number)


def _told(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.uuid,
        "name": row.name,
        "begins_with": row.key_prefix,
        "created_at": f"{row.created_on:%Y-%m-%dT%H:%M:%SZ}",
        "expires_at": f"{row.expires_on:%Y-%m-%dT%H:%M:%SZ}",
    }
