"""Importing as a person does it: upload, let the worker plan, apply, let the worker write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from app.domain.imports import RowPlan
from app.domain.terms import ImportOutcome
from app.extensions import db as extension
from app.jobs.runner import run
from app.models import ImportBatch
from app.security.actor import Actor
from app.services import import_rows, imports
from tests.support.workbooks import workbook
from tests.world import World


class Numbers(list[int]):
    """A queue nobody reads."""

    put = list.append


@pytest.fixture
def queue(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Numbers:
    made = Numbers()
    monkeypatch.setitem(app.extensions, "jobs", made)
    monkeypatch.setattr(imports, "folder", lambda: tmp_path)
    return made


@dataclass
class Importing:
    """One person's imports of one kind of sheet."""

    actor: Actor
    kind: str
    resource: str
    queue: Numbers

    def plan(self, content: bytes | Sequence[Sequence[Any]]) -> ImportBatch:
        """Upload a workbook (or rows) and let the worker plan it."""
        data = content if isinstance(content, bytes) else workbook(content)
        batch = imports.upload(
            self.kind, self.resource, BytesIO(data), file_name="名单.xlsx", title="check", language="zh",
            actor=self.actor,
        )  # fmt: skip
        return self.work(batch.id)

    def apply(self, batch: ImportBatch) -> ImportBatch:
        """Apply the plan and let the worker write it."""
        imports.start_applying(batch.id, self.resource, title="apply", language="zh", actor=self.actor)
        return self.work(batch.id)

    def work(self, key: int, stopping: Callable[[], bool] = lambda: False) -> ImportBatch:
        """Let the worker do what waits."""
        while self.queue:
            run(self.queue.pop(0), stopping=stopping)
        extension.session.expire_all()
        return extension.session.get_one(ImportBatch, key)

    def rows(self, batch: ImportBatch, *outcomes: ImportOutcome) -> list[RowPlan]:
        """The planned rows with one of `outcomes`, or all."""
        return list(import_rows.planned_rows(batch, frozenset(outcomes or ImportOutcome)))


@pytest.fixture
def schools(world: World, queue: Numbers) -> Importing:
    """The county of 西湖区 imports its schools."""
    return Importing(world.actor("county_admin"), "schools", "School", queue)
