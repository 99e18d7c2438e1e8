"""The list of requirements and the page made from it."""

from __future__ import annotations

import pytest

from tests.support import requirements
from tools import trace

pytest_plugins = ["pytester"]


def test_the_page_has_a_line_per_id_with_its_tests() -> None:
    page = trace.page({"ORG-4": {"tests/a.py::test_two", "tests/a.py::test_one"}})
    assert "| ORG-4 | Region grants: tree picker, many at once, history, matrix, export | 2 | " in page
    assert "`tests/a.py::test_one`<br>`tests/a.py::test_two`" in page
    assert "| OPS-1 | Backup and restore by one command, verified | 0 |  |" in page


def test_ids_without_a_test_are_found() -> None:
    everything = {requirement: {"t"} for requirement in requirements.known_ids()}
    assert trace.without_test(everything) == []
    del everything["ENR-8"]
    assert trace.without_test(everything) == ["ENR-8"]


@pytest.mark.parametrize(("arguments", "refused"), [("'ORG-4'", False), ("'ORG-4', 'NONE-9'", True), ("", True)])
def test_a_mark_with_an_unknown_id_stops_the_collection(
    pytester: pytest.Pytester, *, arguments: str, refused: bool
) -> None:
    pytester.makeini("[pytest]\nmarkers = req: ids")
    pytester.makeconftest(
        "from tests.support.requirements import refuse_unknown\n"
        "def pytest_collection_modifyitems(items): refuse_unknown(items)\n"
    )
    pytester.makepyfile(f"import pytest\n@pytest.mark.req({arguments})\ndef test_x(): pass")
    result = pytester.runpytest_inprocess("-p", "no:xdist")
    assert (result.ret == pytest.ExitCode.USAGE_ERROR) is refused
