"""The house rules: where code may live, what it may touch, how large it may grow, and that every text is translated."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
TEMPLATES = APP / "templates"
MARKS = {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext"}
MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 45
REQUEST_GLOBALS = {"g", "request", "session", "current_user"}
REQUEST_LAYERS = ("web", "views", "api")
# The state of a background job or an import tells where its worker is; no rule and no person decides it.
STATE_WRITERS = ("app/services/transitions.py", "app/services/jobs.py", "app/services/imports.py")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def sources(under: str = "app") -> dict[str, ast.Module]:
    """Path from the root → syntax tree of every Python file under a folder."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / under).rglob("*.py"))
    }


@cache
def tracked() -> list[Path]:
    """Every file of the repository (in an unpacked archive: none, and the tests that need them are skipped)."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git repository")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def templates() -> list[Path]:
    """Every template."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.is_file())


def found_in(files: Iterator[Path] | list[Path], pattern: str, spare: Callable[[re.Match[str]], bool]) -> list[str]:
    """`file:line: text` of every match of `pattern` that `spare` does not excuse."""
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for match in compiled.finditer(text):
            if not spare(match):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(ROOT)}:{line}: {' '.join(match.group().split())[:100]}")
    return found


def never(_match: re.Match[str]) -> bool:
    """No excuse."""
    return False


# --- layers


def test_imports_run_one_way_and_tables_are_imported_from_the_facade(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(
        config_filename=str(ROOT / "pyproject.toml"), no_logo=True, cache_dir=str(ROOT / "build/imports")
    )
    assert code == 0, capsys.readouterr().out


def imported_modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of every module a file imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def test_the_domain_needs_the_standard_library_only() -> None:
    foreign = [
        f"{path}:{line} imports {module}"
        for path, tree in sources("app/domain").items()
        for line, module in imported_modules(tree)
        if module.partition(".")[0] not in sys.stdlib_module_names and not module.startswith("app.domain")
    ]
    assert not foreign, "\n".join(foreign)


def request_globals_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of every use of a global that exists in a request only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login"):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in REQUEST_GLOBALS)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("flask", "flask_login"):
            yield from [(node.lineno, node.attr)] if node.attr in REQUEST_GLOBALS else []


def test_request_globals_stay_at_the_edge() -> None:
    strays = [
        f"{path}:{line} uses {name}"
        for path, tree in sources().items()
        if not path.startswith(tuple(f"app/{layer}/" for layer in REQUEST_LAYERS))
        for line, name in request_globals_in(tree)
    ]
    assert not strays, "\n".join(strays)


def test_numbers_from_outside_are_read_in_one_place() -> None:
    """`"²".isdigit()` is true and `int("²")` raises: `domain/numbers.py` reads the numbers of addresses and forms."""
    outside = [ROOT / path for path in sources() if not path.startswith("app/domain/")]
    assert not found_in(outside, r"\bint\([^\n]*\.is(digit|decimal|numeric)\(", never)


# --- states


def names_state(name: object) -> bool:
    """Whether a column of this name holds a state."""
    return isinstance(name, str) and (name == "state" or name.endswith("_state"))


def state_writes(node: ast.AST) -> bool:
    """Whether a node gives an existing row a state: `x.state = …`, `setattr`, or `update(…).values(state=…)`."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute) and names_state(target.attr) for target in targets)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
        return "update(" in ast.unparse(node.func.value) and any(names_state(word.arg) for word in node.keywords)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "setattr" and len(node.args) > 1:
        return isinstance(node.args[1], ast.Constant) and names_state(node.args[1].value)
    return False


def written_states(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every place that gives an existing row a state."""
    return ((node.lineno, ast.unparse(node)[:100]) for node in ast.walk(tree) if state_writes(node))


def test_only_the_transitions_write_a_state() -> None:
    strays = [
        f"{path}:{line}: {text}"
        for path, tree in sources().items()
        if path not in STATE_WRITERS and not path.startswith("app/domain/")
        for line, text in written_states(tree)
    ]
    assert not strays, "states move through app/services/transitions.py:\n" + "\n".join(strays)


# --- size and words


def test_no_file_is_too_long_to_read() -> None:
    long = [
        f"{path}: {lines} lines"
        for path in sources()
        if (lines := len((ROOT / path).read_text(encoding="utf-8").splitlines())) > MOST_LINES_IN_A_FILE
    ]
    assert not long, "\n".join(long)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def test_no_function_is_too_long_to_grasp() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path, tree in sources().items()
        for node in functions(tree)
        if node.end_lineno - node.lineno + 1 > MOST_LINES_IN_A_FUNCTION
    ]
    assert not long, "\n".join(long)


def public(node: ast.AST) -> bool:
    """Whether a definition is for others to call."""
    return not node.name.startswith("_")


def undocumented(body: list[ast.stmt], inside: str = "") -> Iterator[str]:
    """Names of public functions, classes and methods without a docstring."""
    for node in body:
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)) and public(node):
            if not ast.get_docstring(node) and node.name != "Meta" and not overloaded(node):
                yield f"{inside}{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from undocumented(node.body, f"{inside}{node.name}.")


def overloaded(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a definition only states a type (`@overload`) or sets a property already explained."""
    names = {ast.unparse(decorator) for decorator in node.decorator_list}
    return "overload" in names or any(name.endswith(".setter") for name in names)


def test_public_functions_say_what_they_do() -> None:
    silent = [f"{path}: {name}" for path, tree in sources().items() for name in undocumented(tree.body)]
    assert not silent, "\n".join(silent)


# Hosts packages come from, folders of one machine, and words for work not done. Spelt in halves, so that this list
# does not find itself.
FOREIGN_WORDS = {
    "registry": [
        "py" + "pi.org",
        "registry.npm" + "js.org",
        "files.python" + "hosted",
        "npm" + "mirror.com",
        "deb.deb" + "ian.org",
    ],
    "machine": ["/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/", "/op" + "t/py" + "pi", r"\.\./sha" + "red"],
    "unfinished": [r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bX" + r"XX\b", r"\bHA" + r"CK\b"],
}


@pytest.mark.parametrize("kind", FOREIGN_WORDS)
def test_no_tracked_file_speaks_of_registries_machines_or_unfinished_work(kind: str) -> None:
    found = found_in(tracked(), "|".join(FOREIGN_WORDS[kind]), never)
    assert not found, "\n".join(found)


# --- texts


def test_every_text_has_its_chinese() -> None:
    from tools import i18n

    found = i18n.problems(i18n.extract(), i18n.read())
    assert not found, f"{len(found)} texts; `make i18n` lists them:\n" + "\n".join(found[:40])


def texts_in_braces(tree: ast.Module) -> Iterator[ast.Call]:
    """Texts marked within the braces of an f-string, where the collector of texts does not see them."""
    for braces in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for call in (node for node in ast.walk(braces) if isinstance(node, ast.Call)):
            marked = isinstance(call.func, ast.Name) and call.func.id in MARKS
            if marked and call.args and isinstance(call.args[0], ast.Constant):
                yield call


def test_every_text_can_be_collected() -> None:
    found = [f"{path}:{call.lineno}" for path, tree in sources().items() for call in texts_in_braces(tree)]
    assert not found, "take the text out of the f-string: " + ", ".join(found)


def test_every_stored_word_has_a_label() -> None:
    import app.domain.terms as terms
    from app.domain.text import LabelledEnum

    members = [
        member
        for enum in vars(terms).values()
        if isinstance(enum, type) and issubclass(enum, LabelledEnum)
        for member in enum
    ]
    assert members
    assert not [repr(member) for member in members if not member.label]


# --- templates


def test_templates_can_be_read() -> None:
    from jinja2 import Environment

    environment = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"])
    for path in templates():
        environment.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_templates_have_no_inline_handlers() -> None:
    found = found_in(templates(), r"<[a-z][^<>]*\son[a-z]+\s*=|href\s*=\s*[\"']\s*javascript:", never)
    assert not found, "\n".join(found)


def test_every_inline_script_carries_the_nonce() -> None:
    def excused(match: re.Match[str]) -> bool:
        return "nonce=" in match.group() or " src=" in match.group() or 'type="application/json"' in match.group()

    found = found_in(templates(), r"<script\b(?:{{.*?}}|[^>])*>", excused)
    assert not found, "\n".join(found)


def test_templates_load_nothing_from_another_host() -> None:
    tags = "script|link|img|iframe|source|video|audio|form|use|object|embed"
    pattern = rf"<(?:{tags})\b[^>]*(?:src|href|action|data)\s*=\s*[\"'](?:https?:)?//[^\"']*"
    found = found_in(templates(), pattern, never)
    found += found_in(templates(), r"@import\s+[^;]*//|url\(\s*[\"']?(?:https?:)?//[^)]*", never)
    assert not found, "\n".join(found)


def test_own_styles_and_scripts_load_nothing_from_another_host() -> None:
    own = [p for p in tracked() if p.is_relative_to(APP / "static") and p.suffix in (".css", ".js")]
    found = found_in(own, r"(?:import|fetch|url|src)\b[^\n]{0,20}[\"'(]\s*(?:https?:)?//[a-z][^\"')]*", never)
    assert not found, "\n".join(found)


def test_texts_of_templates_are_marked_for_translation() -> None:
    code = re.compile(r"{% block body_class %}.*?{% endblock %}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
    markup = re.compile(r"<script\b.*?</script>|<style\b.*?</style>|<[^>]*>", re.DOTALL)
    bare = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in templates()
        if path.suffix == ".html"
        for word in re.findall(
            r"[A-Za-z]{3,}[A-Za-z ,.]*|[\u4e00-\u9fff]+",
            markup.sub(" ", code.sub("", path.read_text(encoding="utf-8"))),
        )
        if "&" not in word
        and word.strip() not in {"nbsp", "middot", "times", "hellip", "rarr", "larr", "ndash", "mdash"}
    ]
    assert not bare, "\n".join(bare)


# --- the checks themselves notice what they are for


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (texts_in_braces, "f'{_(\"Template\")}.xlsx'"),
        (request_globals_in, "from flask import g, request"),
        (request_globals_in, "import flask\nflask.session['a'] = 1"),
        (written_states, "enrollment.state = EnrollmentState.ADMITTED"),
        (written_states, "setattr(programme, 'state', 'approved')"),
        (written_states, "update(Enrollment).where(x).values(state='admitted')"),
    ],
)
def test_a_breach_would_be_seen(check: Callable[[ast.Module], Iterator[object]], code: str) -> None:
    assert list(check(ast.parse(code)))
