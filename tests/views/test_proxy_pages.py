"""Enrolling on behalf of teachers, as pages: chosen, refused by name, printed with a code that leads back (ENR-16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Enrollment
from app.views import proxy as proxy_page
from tests.support.training import new_class
from tests.world import World

LogIn = Callable[[str], FlaskClient]
pytestmark = [pytest.mark.req("ENR-16"), pytest.mark.usefixtures("clock")]


def test_a_school_chooses_a_class_then_teachers_and_hears_of_each(db: Any, login_as: LogIn, world: World) -> None:
    row = new_class(world, "大班", credit_hours=70)
    db.session.commit()
    client = login_as("school_admin")
    assert f'/proxy/{row.id}"' in client.get("/proxy/?q=大班").text
    page = client.get(f"/proxy/{row.id}").text
    li, zhang, chen = (world.teacher[name] for name in ("li", "zhang", "chen"))
    assert f'name="rowid" value="{li.id}"' in page
    assert f'name="rowid" value="{zhang.id}"' not in page
    assert "24 学时 + 本班 70 学时" in page.replace("已占用 ", "") or "70" in page
    assert chen.name not in page
    page = client.post(f"/proxy/{row.id}/enroll", data={"rowid": [str(li.id), str(zhang.id)]}).text
    assert "已代报 1 人：李红梅" in page
    assert "1 人未能报名" in page
    assert "<li>张明华" in page
    assert client.post(f"/proxy/{row.id}/enroll", data={"rowid": [str(chen.id)]}).status_code == 404
    assert client.post(f"/proxy/{row.id}/enroll").status_code == 422
    assert Enrollment.query.filter_by(training_class_id=row.id).count() == 1


def test_the_code_of_the_printed_form_leads_back_with_its_teachers_chosen(
    app: Flask, db: Any, login_as: LogIn, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = new_class(world, "纸质班")
    db.session.commit()
    links: list[str] = []
    drawn = proxy_page._qr
    monkeypatch.setattr(proxy_page, "_qr", lambda link: links.append(link) or drawn(link))
    client, li = login_as("school_admin"), world.teacher["li"]
    page = client.post(f"/proxy/{row.id}/form", data={"rowid": str(li.id)}).text
    assert li.teacher_number in page
    assert 'src="data:image/svg+xml' in page
    (link,) = links
    answer = client.get(link)
    assert answer.location == f"/proxy/{row.id}?teachers={li.id}"
    shown = client.get(answer.location).text
    assert re.search(rf'name="rowid" value="{li.id}"[^>]* checked', shown)
    assert world.teacher["wang"].name not in shown
    assert client.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 404
    foreign = login_as("qingyuan_school").get(link)
    assert login_as("qingyuan_school").get(foreign.location).status_code == 404


def test_an_empty_form_has_lines_to_write_on_and_strangers_stand_on_none(
    db: Any, login_as: LogIn, world: World
) -> None:
    row, client = world.training_class["xihu"], login_as("school_training_admin")
    page = client.get(f"/proxy/{row.id}/form").text
    assert page.count("<td>20</td>") == 1
    assert "文三路小学" in page
    chosen = {"rowid": str(world.teacher["chen"].id)}
    assert client.post(f"/proxy/{row.id}/form", data=chosen).status_code == 404
