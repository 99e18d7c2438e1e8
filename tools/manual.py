"""The user manual: `make manual` writes docs/manual.md and its pictures from the running system (PUB-5).

The system runs on a database of its own with the demo data. The menu of each role is read from its pages, with the line
that says who does this, when, and which step of the flow it is; so the manual cannot tell of what is not there.
"""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from app.services.demo.cast import CAST, PASSWORD, Part
from tests.support import browser as chromium
from tests.support.databases import Databases, run_folder
from tests.support.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/manual.md"
PICTURES = ROOT / "docs/images"
COLOURS = 128  # of a picture: screens have few, and the file stays small
WIDEST = 1200  # pixels
HEAD = """# 用户手册

本手册由 `make manual` 在运行中的系统上生成:菜单、说明和截图均取自演示数据。演示账号的密码是 `{password}`。
每个页面标题下方都有一行说明:谁来办、何时办、属于哪一步。
"""


@dataclass(frozen=True)
class Shot:
    """A picture: its file, who looks, at what, and on which screen."""

    name: str
    title: str
    username: str | None
    path: str
    size: tuple[int, int] = chromium.DESKTOP
    theme: str = "light"


SHOTS = (
    Shot("workbench", "工作台", "province", "/"),
    Shot("grants", "地区授权", "province", "/grants/"),
    Shot("calendar", "年度日程", "province", "/calendar/"),
    Shot("teachers", "教师信息", "school", "/teacherview/list/"),
    Shot("grid", "表格编辑", "school", "/teachers/grid/"),
    Shot("parameters", "参数设置(深色)", "province", "/parameters/", theme="dark"),
    Shot("sign-in", "登录(手机)", None, "/login/", chromium.PHONE),
    Shot("phone", "教师工作台(手机)", "teacher", "/", chromium.PHONE),
)


@contextmanager
def demo_server() -> Iterator[str]:
    """Run the platform with the demo data for the block; gives its address."""
    with run_folder():
        database = Databases().fresh("sqlite")
        flask = [sys.executable, "-m", "flask", "--app", "run:app", "demo", "load", "--if-empty"]
        subprocess.run(flask, cwd=ROOT, env=database.environment, check=True, capture_output=True)
        with Server(database) as server:
            yield server.url


def sign_in(page: Page, username: str) -> None:
    """Sign in as people do."""
    page.goto("/login/")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.click("main form button.btn-primary")


def take(browser: Browser, url: str, shot: Shot) -> None:
    """Take one picture and store it small."""
    with chromium.opened(browser, url, shot.size, color_scheme=shot.theme) as page:
        page.context.add_cookies([{"name": "theme", "value": shot.theme, "url": url}])
        if shot.username:
            sign_in(page, shot.username)
        page.goto(shot.path)
        page.wait_for_load_state("networkidle")
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.thumbnail((WIDEST, WIDEST))
    small = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(PICTURES / f"{shot.name}.png", optimize=True)


def help_of(text: str) -> list[str]:
    """Return role, time and step from the line under the title of a page."""
    line = re.search(r'<p class="help-line">(.*?)</p>', text, re.DOTALL)
    told = re.findall(r"<span>(.*?)</span>", line.group(1)) if line else []
    return [*(html.unescape(part) for part in told), "", "", ""][:3]


def chapter(page: Page, part: Part) -> str:
    """Return what one role finds in its menu, each page with its line of help."""
    sign_in(page, part.username)
    entries = page.eval_on_selector_all(
        ".menu a.menu-item", "links => links.map((link) => [link.textContent.trim(), link.getAttribute('href')])"
    )
    roles = page.locator(".person-summary span").last.text_content()
    rows = [f"| {label} | {' | '.join(help_of(page.request.get(path).text()))} |" for label, path in entries]
    table = "\n".join(["| 菜单 | 谁来办 | 何时 | 哪一步 |", "|---|---|---|---|", *rows])
    return f"## {roles}\n\n演示账号 `{part.username}`。\n\n{table}"


def write(browser: Browser, url: str) -> None:
    """Write the manual and its pictures."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    for shot in SHOTS:
        take(browser, url, shot)
    ready = {part.role: part for part in CAST if not part.first}  # one account for a role
    parts = [HEAD.format(password=PASSWORD)]
    parts += [f"![{shot.title}](images/{shot.name}.png)" for shot in SHOTS]
    for part in ready.values():
        with chromium.opened(browser, url) as page:
            parts.append(chapter(page, part))
    TARGET.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def main() -> None:
    """Run the system, look at it, write down what is there."""
    with demo_server() as url, chromium.launched() as browser:
        write(browser, url)


if __name__ == "__main__":
    main()
