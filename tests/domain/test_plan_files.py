"""Plan files: what is let in and what is refused, by name, size and content (PRG-3, P8, S11)."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.plan_files import Fault, plan_file_problems, safe_name
from tests.support.attachments import GOOD, HOSTILE, LIMIT, PDF

TYPES = ("doc", "docx", "xls", "xlsx", "pdf")


def codes(name: str, content: bytes) -> set[str]:
    """What is wrong with a file."""
    return {p.code.removeprefix("plan_file_") for p in plan_file_problems(name, content, limit=LIMIT, types=TYPES)}


@pytest.mark.req("S11")
def test_the_table_is_as_large_as_promised() -> None:
    assert (len(GOOD), len(HOSTILE)) >= (40, 60)
    assert len({content for _name, content in GOOD.values()}) >= 36
    assert {fault for *_, faults in HOSTILE.values() for fault in faults} == set(Fault)


@pytest.mark.req("PRG-3", "S11")
@pytest.mark.parametrize("case", GOOD)
def test_what_office_programs_make_is_let_in(case: str) -> None:
    assert codes(*GOOD[case]) == set()


@pytest.mark.req("PRG-3", "S11")
@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_not_a_plan_is_refused_with_the_reason(case: str) -> None:
    name, content, wanted = HOSTILE[case]
    assert codes(name, content) == wanted


@pytest.mark.req("PRG-3", "S11")
@pytest.mark.parametrize(
    ("name", "content"), [*GOOD.values(), *((n, c) for n, c, _ in HOSTILE.values())], ids=[*GOOD, *HOSTILE]
)
def test_no_shortened_file_raises(name: str, content: bytes) -> None:
    for length in {0, 1, 8, 60, 511, 513, 700, len(content) // 2, len(content) - 1}:
        plan_file_problems(name, content[: max(length, 0)], limit=LIMIT, types=TYPES)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("C:\\方案\\plan.pdf", "plan.pdf"), ("../../etc/plan.pdf", "plan.pdf"), ("pl\x00an\n.pdf", "plan.pdf"), ("", "")],
)
def test_of_a_name_only_the_last_printable_part_is_kept(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.req("PRG-3", "P8")
def test_the_sentence_names_file_size_and_limit() -> None:
    [found] = plan_file_problems("方案.pdf", PDF + b" " * LIMIT, limit=LIMIT, types=TYPES)
    params: dict[str, Any] = found.text.params
    assert (found.field, params["size"], params["limit"]) == ("plan_file", 501, 500)
