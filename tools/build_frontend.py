"""Copies what the browser needs out of node_modules: `python -m tools.build_frontend`.

Everything lands in app/static/vendor/. The icon font is cut down to the icons that are named, as `ti-…`, in the
templates, the Python code and the scripts; a name that the font does not have stops the build.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app/static/vendor"
ICONS = MODULES / "@tabler/icons-webfont"

# The package, the folder below vendor/, and its files: path in the package -> name below the folder.
COPIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "@tabler/core",
        "tabler",
        {"dist/css/tabler.min.css": "tabler.min.css", "dist/js/tabler.esm.min.js": "tabler.js"},
    ),
    ("htmx.org", "htmx", {"dist/htmx.min.js": "htmx.min.js"}),
    (
        "tom-select",
        "tom-select",
        {
            "dist/js/tom-select.complete.min.js": "tom-select.js",
            "dist/css/tom-select.bootstrap5.min.css": "tom-select.css",
        },
    ),
    ("echarts", "echarts", {"dist/echarts.esm.min.mjs": "echarts.js"}),
    (
        "tabulator-tables",
        "tabulator",
        {"dist/js/tabulator_esm.min.mjs": "tabulator.js", "dist/css/tabulator.min.css": "tabulator.css"},
    ),
    ("sortablejs", "sortable", {"modular/sortable.esm.js": "sortable.js"}),
)
LICENCE_NAMES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE")

ICON_SOURCES = (("app/templates", "*.html"), ("app", "*.py"), ("app/static/js", "*.js"))
ICON_NAME = re.compile(r"(?<![\w-])ti-([a-z0-9]+(?:-[a-z0-9]+)*)")
ICON_RULE = re.compile(r"\.ti-([a-z0-9-]+):before\s*\{\s*content:\s*\"\\([0-9a-f]+)\"")
SOURCE_MAP = re.compile(rb"\n?(?://# sourceMappingURL=.*|/\*# sourceMappingURL=.*?\*/)\s*$")
ICON_CSS = """\
@font-face {{ font-family: "tabler-icons"; font-display: block; src: url("icons.woff2") format("woff2"); }}
.ti {{ font-family: "tabler-icons"; font-style: normal; font-weight: 400; font-variant: normal; line-height: 1;
  text-transform: none; -webkit-font-smoothing: antialiased; }}
{rules}
"""


def icons_used(root: Path = ROOT) -> set[str]:
    """Return the names, without `ti-`, of the icons that the sources name."""
    names: set[str] = set()
    for folder, pattern in ICON_SOURCES:
        for path in (root / folder).rglob(pattern):
            names.update(ICON_NAME.findall(path.read_text(encoding="utf-8")))
    return names


def icons_known() -> dict[str, int]:
    """Return every icon of the font with its code point."""
    css = (ICONS / "dist/tabler-icons.css").read_text(encoding="utf-8")
    return {name: int(code, 16) for name, code in ICON_RULE.findall(css)}


def copy_packages() -> list[str]:
    """Copy the files and licence of every package, without source-map comments; return a line about each."""
    lines = []
    for package, folder, files in COPIES:
        for source, name in files.items():
            target = VENDOR / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(SOURCE_MAP.sub(b"\n", (MODULES / package / source).read_bytes()))
        lines.append(_licence(package, VENDOR / folder))
    return lines


def _licence(package: str, folder: Path) -> str:
    for name in LICENCE_NAMES:
        if (MODULES / package / name).is_file():
            shutil.copyfile(MODULES / package / name, folder / "LICENSE.txt")
    about = json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))
    return f"{package} {about['version']}"


def build_icons(names: Iterable[str]) -> None:
    """Write the icon font and its style sheet for `names`; raises SystemExit for names the font does not have."""
    known, wanted = icons_known(), sorted(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit("The icon font has no " + ", ".join(f"ti-{name}" for name in unknown))
    folder = VENDOR / "icons"
    folder.mkdir(parents=True, exist_ok=True)
    codes = ",".join(f"U+{known[name]:04X}" for name in wanted)
    subset.main([
        str(ICONS / "dist/fonts/tabler-icons.ttf"), f"--unicodes={codes}", "--flavor=woff2", "--no-hinting",
        "--desubroutinize", f"--output-file={folder / 'icons.woff2'}",
    ])  # fmt: skip
    rules = "\n".join(f'.ti-{name}:before {{ content: "\\{known[name]:x}"; }}' for name in wanted)
    (folder / "icons.css").write_text(ICON_CSS.format(rules=rules), encoding="utf-8")


def main() -> int:
    """Build app/static/vendor/ anew."""
    if not MODULES.is_dir():
        print("node_modules is missing: run `make install`", file=sys.stderr)
        return 1
    shutil.rmtree(VENDOR, ignore_errors=True)
    lines = copy_packages()
    lines.append(_licence("@tabler/icons-webfont", VENDOR))
    build_icons(icons_used())
    (VENDOR / "packages.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
