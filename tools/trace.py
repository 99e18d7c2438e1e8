"""Which tests prove which requirement: `python -m tools.trace` writes docs/requirements.md and prints the gaps."""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.requirements import chapters, ids_of

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/requirements.md"
HEAD = """# Requirements and the tests that prove them

`make trace` writes this page from the `req` marks of the tests; the ids are listed in `tests/requirements.toml`.
A test that runs on both databases, or with several values, is named once.
"""


class Collector:
    """A pytest plugin that notes which test names which ids, and runs none."""

    def __init__(self) -> None:
        """Start with no test."""
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note every collected test under each id it names."""
        for item in session.items:
            for requirement in ids_of(item):
                self.tests[requirement].add(item.nodeid.partition("[")[0])


def collect() -> dict[str, set[str]]:
    """Return id → names of the tests that prove it (file::test). Raises SystemExit when a test file cannot be read."""
    collector, printed = Collector(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = pytest.main(["--collect-only", "-qq", "-p", "no:xdist"], [collector])
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"{printed.getvalue()}\nThe tests could not be collected.")
    return collector.tests


def page(tests: dict[str, set[str]]) -> str:
    """Return the page: a table per chapter, a line per id."""
    lines = [HEAD]
    for title, ids in chapters().items():
        proven = sum(bool(tests.get(requirement)) for requirement in ids)
        lines += [f"## {title} ({proven} of {len(ids)})", "", "| id | what | tests | |", "|---|---|---|---|"]
        lines += [_row(requirement, text, tests.get(requirement, ())) for requirement, text in ids.items()]
        lines.append("")
    return "\n".join(lines)


def _row(requirement: str, text: str, tests: Iterable[str]) -> str:
    names = sorted(tests)
    return f"| {requirement} | {text} | {len(names)} | {'<br>'.join(f'`{name}`' for name in names)} |"


def without_test(tests: dict[str, set[str]]) -> list[str]:
    """Return the ids no test names, in the order of the list."""
    return [requirement for ids in chapters().values() for requirement in ids if not tests.get(requirement)]


def main() -> None:
    """Write the page and print the ids without a test."""
    tests = collect()
    TARGET.write_text(page(tests), encoding="utf-8")
    gaps = without_test(tests)
    print(f"{TARGET.relative_to(ROOT)}: {len(tests)} ids have tests")
    print(f"without a test ({len(gaps)}): {' '.join(gaps)}" if gaps else "every id has a test")


if __name__ == "__main__":
    main()
