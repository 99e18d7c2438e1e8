"""Writing rows of the living year in large numbers, each with the whole ledger of its moves (ENR-19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.states import Action, Party
from app.models import Transition
from app.services.demo.making import CHUNK, Making, Row

LINES_EACH = 3  # moves of a row, about


@dataclass(frozen=True, slots=True)
class Step:
    """A move: what, from where (None: the beginning) to where, who in whose name, when, why."""

    action: Action
    source: str | None
    target: str
    party: Party
    organisation: str
    moment: datetime
    reason: str | None = None


def stamps(created: datetime, changed: datetime | None = None, version: int = 1) -> Row:
    """Return the columns every table shares."""
    return {"created_at": created, "updated_at": changed or created, "version": version}


def lines(entity: str, row_id: int, steps: Sequence[Step]) -> list[Row]:
    """Return the ledger lines of a row."""
    return [
        {
            "entity": entity, "row_id": row_id, "action": step.action, "from_state": step.source,
            "to_state": step.target, "party": step.party, "organisation": step.organisation, "reason": step.reason,
            **stamps(step.moment),
        }
        for step in steps
    ]  # fmt: skip


class Ledger:
    """Collects rows and their moves, and writes both in large pieces: rows first, then what happened to them."""

    def __init__(self, making: Making, total: int) -> None:
        """`total` is about how many rows are to come, for the progress."""
        self._making, self._total = making, total
        self._rows: dict[Any, list[Row]] = {}
        self._lines: list[Row] = []
        self._done: Counter[Any] = Counter()

    def add(self, model: type[Any], row: Row, steps: Sequence[Step] = ()) -> None:
        """Add a row with its key, and its moves."""
        self._rows.setdefault(model, []).append(row)
        self._lines += lines(model.__name__, row["id"], steps) if steps else []

    def settle(self) -> None:
        """Write what was collected, if it is much by now; call between rows that need each other."""
        if sum(len(rows) for rows in self._rows.values()) >= CHUNK:
            self.close()

    def close(self) -> None:
        """Write the rest."""
        for model, rows in (*self._rows.items(), (Transition, self._lines)):
            total = self._total * (LINES_EACH if model is Transition else 1)
            self._making.insert(model, rows, total=total, done=self._done[model])
            self._done[model] += len(rows)
        self._rows, self._lines = {}, []
