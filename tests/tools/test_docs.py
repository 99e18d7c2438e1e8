"""What the documents list is what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import diagrams

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
PICTURES = ROOT / "docs/images"
MOST_BYTES = 1_500_000  # of all pictures together


def table_of_packages() -> set[str]:
    """The packages named in the tables of docs/architecture.md."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("## Run-time packages")[2]
    return {line.split("|")[1].strip().lower() for line in text.splitlines() if line.startswith("| ")}


def test_every_package_stands_in_the_table_with_its_purpose_and_licence() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    python = {re.split(r"[\[=]", line)[0].lower() for line in lines if "==" in line}
    front_end = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    browser = {name.lower() for part in ("dependencies", "devDependencies") for name in front_end[part]}
    assert len(python) > 20
    assert table_of_packages() - {"package"} == python | browser


def test_the_diagrams_show_the_tables_the_platform_works_by() -> None:
    assert diagrams.TARGET.read_text(encoding="utf-8") == diagrams.page(), "run: make diagrams"


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")], ids=lambda p: p.name
)
def test_documents_link_to_what_exists(page: Path) -> None:
    linked = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in linked if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "docs/testing.md"], ids=lambda page: page.name)
def test_the_files_a_builder_is_sent_to_exist(page: Path) -> None:
    named = re.findall(r"`((?:app|tests|tools|docs|migrations)/[\w/.]+)`", page.read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_pictures_stay_small() -> None:
    sizes = [file.stat().st_size for file in PICTURES.iterdir()]
    assert sizes
    assert sum(sizes) < MOST_BYTES


def test_the_readme_names_every_account_of_the_demo() -> None:
    from app.services.demo.cast import CAST

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [part.username for part in CAST if f"`{part.username}`" not in text] == []
