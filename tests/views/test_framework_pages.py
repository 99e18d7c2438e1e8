"""The framework's own pages, drawn with our templates: none of its old style sheets and scripts is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import AppBuilder, SimpleFormView
from flask_appbuilder.charts.views import GroupByChartView
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.models.group import aggregate_count
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla.models import Role
from wtforms import StringField
from wtforms.validators import InputRequired

import app as package
from app.extensions import csrf, db
from app.web import kit, requests

OLD = ("glyphicon", "jquery", "select2", "bootstrap.min", "fa fa-", "google", "ab_filters", "panel-primary")
ADMIN, PASSWORD = "framework", "A-long-password-7"


class PlainForm(DynamicForm):
    word = StringField("Word", [InputRequired()], description="Any word")


class PlainFormView(SimpleFormView):
    route_base = "/plain"
    form = PlainForm
    form_title = "Plain"


class RoleChart(GroupByChartView):
    route_base = "/rolechart"
    datamodel = SQLAInterface(Role)
    chart_title = "Roles"
    definitions = [{"label": "By name", "group": "name", "series": [(aggregate_count, "name")]}]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = Path(package.__file__).parent
    scratch = Flask("framework", template_folder=folder / "templates", static_folder=folder / "static")
    scratch.config.update(
        SECRET_KEY="test", WTF_CSRF_ENABLED=False, FAB_ADD_SECURITY_API=False,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path_factory.mktemp('framework')}/f.db",
    )  # fmt: skip
    db.init_app(scratch)
    csrf.init_app(scratch)
    kit.init_app(scratch)
    scratch.jinja_env.globals["csp_nonce"] = requests.csp_nonce
    scratch.add_url_rule("/public/rounds", endpoint="PublicPage.index")  # the door leads there, too
    with scratch.app_context():
        builder = AppBuilder()
        builder.init_app(scratch, db.session)
        builder.add_view_no_menu(PlainFormView)
        builder.add_view_no_menu(RoleChart)
        builder.add_permissions(update_perms=True)
        role = builder.sm.find_role("Admin")
        builder.sm.add_user(ADMIN, "A", "B", "a@example.invalid", role, PASSWORD)
    made = scratch.test_client()
    made.post("/login/", data={"username": ADMIN, "password": PASSWORD})
    yield made
    with scratch.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    "address",
    ["/", "/users/list/", "/users/add", "/users/show/1", "/users/edit/1", "/roles/list/", "/roles/show/1",
     "/plain/form", "/rolechart/chart/", "/resetmypassword/form"],
)  # fmt: skip
def test_a_page_of_the_framework_is_drawn_with_our_parts(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200, page[:2000]
    assert 'id="main"' in page
    assert not [word for word in OLD if word in page.lower()]


def test_a_wrong_form_of_the_framework_says_so_beside_the_field_and_on_top(client: FlaskClient) -> None:
    page = client.post("/plain/form", data={"word": ""}).get_data(as_text=True)
    assert "data-error-summary" in page
    assert 'aria-invalid="true"' in page
    assert 'id="word-error"' in page
    assert 'aria-describedby="word-help word-error"' in page


def test_the_sign_in_page_of_the_framework_is_the_door(client: FlaskClient) -> None:
    page = client.application.test_client().get("/login/").get_data(as_text=True)
    assert "door-side" in page
    assert 'name="password"' in page
