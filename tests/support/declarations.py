"""A right declaration as an institution types it, for tests of services, pages and API."""

from __future__ import annotations

from typing import Any

from app.services.declarations import Upload
from tests.world import World

PLAN = Upload("方案.pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")


def typed_class(**changes: Any) -> dict[str, Any]:
    """A class that is right."""
    session = {"day": "2026-05-11", "starts_at": "08:30", "ends_at": "11:30", "topic": "教材解读", "lecturer": "方晓华"}
    usual = {"starts_on": "2026-05-11", "ends_on": "2026-05-13", "place": "报告厅", "planned_seats": "40"}
    return {**usual, "sessions": [session], **changes}


def typed(world: World, *regions: str, **changes: Any) -> dict[str, Any]:
    """A declaration for `regions` of the world (西湖区) that meets every rule."""
    return {
        "title": "小学数学教学研修", "kind": "elective", "batch": str(world.batch.id), "credit_hours": "24",
        "goals": "提升课堂教学能力", "contents": "教材解读", "lecturers": [{"name": "方晓华", "workplace": "进修学校"}],
        "regions": [str(world.region[name].id) for name in regions or ("xihu",)], "classes": [typed_class()], **changes,
    }  # fmt: skip
