"""The control of W2: enrolling the framework's usual way, its access check and the ORM, `…:app`.

A stock Flask-AppBuilder with its own security manager on the platform's tables, and the unit of work as its manual
shows it. The driver begins and locks as SQLAlchemy does by default.
"""

from __future__ import annotations

import os
import secrets
from typing import Any

from flask import Flask, g, request
from flask_appbuilder import AppBuilder
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access_api, permission_name
from sqlalchemy import Engine, event

from app import sqlite
from app.domain.clock import now
from app.domain.terms import EnrollmentState, ProgrammeKind, RoundKind
from app.extensions import db
from app.models import BatchWindow, Bureau, Enrollment, Evaluation, ParameterValue, Teacher, TrainingClass, Transition

event.remove(Engine, "begin", sqlite._begin)
event.remove(Engine, "connect", sqlite._prepare)

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"], SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"], FAB_CREATE_DB=False,
    FAB_UPDATE_PERMS=False, AUTH_TYPE=1,
)  # fmt: skip
db.init_app(app)
LIVE = ("awaiting_school", "awaiting_bureau", "awaiting_institution", "admitted")


@app.get("/readyz")
def ready() -> Any:
    """Say that it runs."""
    return {}


class EnrollView(BaseView):
    """Enrolling as a view of the framework."""

    route_base = "/enroll"
    class_permission_name = "Enrollment"
    default_view = "post"

    @expose("", methods=["POST"])
    @has_access_api
    @permission_name("enroll")
    def post(self) -> Any:
        """Enroll who has signed in, or say why not."""
        teacher = db.session.query(Teacher).filter_by(account_id=g.user.id).one()
        chosen = (
            db.session.query(TrainingClass).filter_by(id=request.get_json()["training_class"]).with_for_update().one()
        )
        live = db.session.query(Enrollment).filter(Enrollment.state.in_(LIVE))
        held = live.filter_by(teacher_id=teacher.id).all()
        if any(one.training_class_id == chosen.id for one in held):
            return {"already": True}
        aimed = [region.path for region in chosen.programme.target_regions]
        windows = db.session.query(BatchWindow).filter_by(batch_id=chosen.batch_id).all()
        parameters = {row.name: row.value for row in db.session.query(ParameterValue).all()}
        electives = [one for one in held if one.training_class.kind is ProgrammeKind.ELECTIVE]
        hours = sum(one.credit_hours for one in electives) + chosen.credit_hours
        owed = [one for one in held if one.training_class.state == "completed" and not self._evaluated(one)]
        fits = any(teacher.school.region.path.startswith(path) for path in aimed)
        owing = owed and parameters.get("evaluation_required_to_enroll") != "no"
        if not windows or owing or not fits or hours > int(parameters["hours_cap"]):
            return {"code": "refused"}, 422
        if live.filter_by(training_class_id=chosen.id).count() >= chosen.seats:
            return {"code": "full"}, 409
        return self._insert(teacher, chosen)

    @staticmethod
    def _evaluated(one: Enrollment) -> bool:
        return db.session.query(Evaluation).filter_by(enrollment_id=one.id).count() > 0

    @staticmethod
    def _insert(teacher: Teacher, chosen: TrainingClass) -> Any:
        bureau = db.session.query(Bureau).filter_by(region_id=teacher.school.region_id).first()
        made = Enrollment(
            number=secrets.token_hex(6).upper(), teacher=teacher, training_class=chosen, batch_id=chosen.batch_id,
            training_year_id=chosen.training_year_id, round_kind=RoundKind.ROUND_TWO, school=teacher.school,
            state=EnrollmentState.AWAITING_SCHOOL, credit_hours=chosen.credit_hours, bureau=bureau, enrolled_at=now(),
            holds_seat=True,
        )  # fmt: skip
        chosen.taken += 1
        db.session.add(made)
        db.session.flush()
        line = Transition(
            entity="Enrollment", row_id=made.id, action="enroll", to_state="awaiting_school", party="teacher",
            account_id=g.user.id, organisation=str(teacher.school),
        )  # fmt: skip
        db.session.add(line)
        db.session.commit()
        return {"id": made.id}, 201


with app.app_context():
    AppBuilder(app, db.session).add_view_no_menu(EnrollView)
