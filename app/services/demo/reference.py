"""Chapter one: the reference lists of the teacher record."""

from __future__ import annotations

from app.extensions import db
from app.models import Grade, PostCategory, ProfessionalTitle, Stage, Subject
from app.services.demo.making import LISTS, Making


def load(_making: Making) -> None:
    """Add stages, grades, subjects, titles and post categories."""
    stages = {code: Stage(code=code, name=name, position=i) for i, (code, name) in enumerate(LISTS["stages"].items())}
    db.session.add_all(stages.values())
    named = (
        (ProfessionalTitle, LISTS["lists"]["titles"], "T"),
        (PostCategory, LISTS["lists"]["posts"], "P"),
    )
    db.session.add_all(
        Subject(code=f"S{i:02d}", name=entry["name"], position=i, stages=[stages[code] for code in entry["stages"]])
        for i, entry in enumerate(LISTS["subjects"], 1)
    )
    for model, names, prefix in named:
        db.session.add_all(model(code=f"{prefix}{i:02d}", name=name, position=i) for i, name in enumerate(names, 1))
    grades = [(stages[code], name) for code, names in LISTS["grades"].items() for name in names]
    db.session.add_all(
        Grade(code=f"G{i:02d}", name=name, position=i, stage=stage) for i, (stage, name) in enumerate(grades, 1)
    )
    db.session.flush()
