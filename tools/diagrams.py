"""The state diagrams: `python -m tools.diagrams` writes docs/states.md from the tables the platform works by."""

from __future__ import annotations

from pathlib import Path

from app.domain.states import Kind, diagram, machine

TARGET = Path(__file__).resolve().parent.parent / "docs/states.md"
HEAD = """# States

Made by `make diagrams` from `app/domain/state_tables.py`; a test fails when the two differ. An arrow says who acts and
what the button is called; ✎ needs a reason. States are written by `app/services/transitions.py` only:
[moving states](architecture.md#moving-states).
"""


def page() -> str:
    """Return the page: a diagram for every kind of thing that has states."""
    parts = [HEAD, "\n".join(f"- [{kind.label}](#{kind.label.replace(' ', '-')})" for kind in Kind) + "\n"]
    for kind in Kind:
        waiting = [f"{state.label}: {party.label}" for state, party in machine(kind).turn.items()]
        told = [f"Whose turn it is — {'; '.join(waiting)}.\n"] if waiting else []
        parts += [f"## {kind.label}\n", *told, f"```mermaid\n{diagram(kind)}```\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
