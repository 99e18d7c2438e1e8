"""Teachers in numbers for programs: the statistics and the board of data quality, as their pages tell them (OPS-6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_appbuilder.api import expose
from flask_appbuilder.security.decorators import permission_name

from app.api.base import conditions_asked
from app.api.guard import JsonApi, misfit, permitted
from app.domain.errors import Invalid, Problems
from app.domain.terms import TeacherDimension
from app.models import Region, School, Teacher
from app.services.teacher_issues import MISSING
from app.services.teacher_quality import Board, Line, board_of_school
from app.services.teacher_statistics import ACROSS, Group, Statistics, count_teachers, dimensions_of, told_by
from app.views.teacher_parts import FILTERS
from app.views.teacher_quality import COLUMNS, name_of, region_asked, school_asked
from app.views.teacher_statistics import name_of as group_name
from app.views.teacher_statistics import region_counted
from app.web.actors import current_actor

FILTERS_BY_NAME = {f.name: f for f in FILTERS}
FAULTS = (*(issue for issue, _label in COLUMNS), *MISSING)


def _parameter(name: str, words: list[str] | None = None) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": {"type": "string", **({"enum": words} if words else {})}}


def _chosen(name: str, choices: Mapping[str, Any], default: Any, problems: Problems) -> Any:
    """Return what a parameter chooses; note a problem for anything else."""
    given = request.args.get(name)
    if given is not None and given not in choices:
        problems.found.append(misfit(name, "bad_filter"))
    return choices.get(given or "", default)


class TeacherStatisticsApi(JsonApi):
    """Teachers counted, with the filters of the teacher list."""

    resource_name = "teacher-statistics"
    class_permission_name = "TeacherStatistics"
    method_permission_name = {"index": "read"}
    openapi_spec_tag = "TeacherStatistics"
    openapi_spec_methods = {
        "index": {
            "get": {
                "parameters": [
                    _parameter("by", [d.value for d in TeacherDimension]),
                    _parameter("across", [d.value for d in ACROSS]),
                    *(_parameter(name) for name in FILTERS_BY_NAME),
                ]
            }
        }
    }

    @expose("/", methods=["GET"])
    @permitted
    @permission_name("read")
    def index(self) -> Any:
        """Count.
        ---
        get:
          summary: Teachers within scope, counted by one dimension and side by side by another
          responses:
            200:
              description: Rows with their totals; their numbers stand in the order of the columns
              content:
                application/json:
                  schema: {type: object}
        """
        actor, problems = current_actor(), Problems()
        conditions = conditions_asked(Teacher, FILTERS_BY_NAME, problems, besides=("by", "across"))
        offered = dimensions_of(actor)
        by = _chosen("by", {d.value: d for d in offered}, offered[0], problems)
        across = _chosen("across", {d.value: d for d in ACROSS if d is not by}, None, problems)
        problems.raise_if_any(Invalid)
        region = region_counted(request.args, actor)
        by = told_by(by, region)
        found = count_teachers(by, across, conditions, actor=actor, region=region)
        return self.response(200, by=by.value, across=across.value if across else None, **_counted(found, bool(across)))


def _counted(found: Statistics, across: bool) -> dict[str, Any]:
    columns = found.columns if across else []
    rows = [
        {**_group(row), "direct": row.direct, "total": row.total, "numbers": [row.numbers[c.key] for c in columns]}
        for row in found.rows
    ]
    return {"total": found.total, "columns": [_group(column) for column in columns], "result": rows}


def _group(group: Group) -> dict[str, Any]:
    return {"key": group.key, "name": group_name(group)}


class TeacherQualityApi(JsonApi):
    """Faults of teachers' records: `?region=7`, with `by=school` its own schools, or `?school=3`; else one's place."""

    resource_name = "teacher-quality"
    class_permission_name = "TeacherQuality"
    method_permission_name = {"index": "read"}
    openapi_spec_tag = "TeacherQuality"
    openapi_spec_methods = {
        "index": {"get": {"parameters": [_parameter("region"), _parameter("school"), _parameter("by", ["school"])]}}
    }

    @expose("/", methods=["GET"])
    @permitted
    @permission_name("read")
    def index(self) -> Any:
        """Tell the faults.
        ---
        get:
          summary: Faults of teachers' records by place within scope
          responses:
            200:
              description: Lines with the number of each fault, their sum, and subjects nobody teaches
              content:
                application/json:
                  schema: {type: object}
        """
        actor, problems = current_actor(), Problems()
        problems.found += [misfit(name, "unknown") for name in request.args if name not in ("region", "school", "by")]
        _chosen("by", {"school": "school"}, "", problems)
        problems.raise_if_any(Invalid)
        key = school_asked(actor)
        if key:
            school, board = board_of_school(key, actor=actor)
            return self.response(200, **_board(school, board, {line.key: line.name for line in board.lines}))
        region, _by_school, board = region_asked(actor)
        return self.response(200, **_board(region, board, {line.key: name_of(line, region) for line in board.lines}))


def _board(place: Region | School, board: Board, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "place": {"id": place.id, "name": place.name},
        "result": [
            {"kind": line.kind, "id": line.key, "name": names[line.key], **_numbers(line)} for line in board.lines
        ],
        "total": _numbers(board.total()),
        "unattached": board.unattached,
        "subjects": [{"id": subject.id, "name": subject.name} for subject in board.subjects],
    }


def _numbers(line: Line) -> dict[str, Any]:
    faults = {issue.value: line.faults[issue] for issue in FAULTS}
    return {"teachers": line.teachers, "faults": faults, "untaught": line.untaught}
