"""The supervisor: what `make run` keeps alive, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import supervise

ROOT = Path(supervise.__file__).resolve().parent.parent
SECONDS = 20.0


def alive(pid: int) -> bool:
    """Whether `pid` runs; a finished process nobody has read yet does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(what: Callable[[], object]) -> bool:
    """Whether `what()` becomes true in time."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return False


class Running:
    """A supervisor in a process of its own, whose two children write their process ids into `folder`."""

    def __init__(self, folder: Path, child: str) -> None:
        self.folder = folder
        script = folder / "child.py"
        script.write_text(
            "import os, subprocess, sys, time\n"
            "open(os.path.join(os.path.dirname(__file__), sys.argv[1] + '-' + str(os.getpid())), 'w').close()\n"
            + textwrap.dedent(child)
        )
        code = (
            "from tools.supervise import *; import tools.supervise as s;"
            "s.GRACE, s.FIRST_PAUSE = 2.0, 0.05;"
            f"c = [Child(n, [sys.executable, {str(script)!r}, n]) for n in ('web', 'worker')];"
            "Supervisor(c, ('127.0.0.1', 9)).run()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def pids(self, name: str) -> list[int]:
        """Every process id that `name` ever had."""
        return [int(path.name.partition("-")[2]) for path in self.folder.glob(f"{name}-*")]

    def end(self) -> str:
        """Wait for the supervisor's end and return what it printed."""
        return self.process.communicate(timeout=SECONDS)[0]


SLEEPS = "time.sleep(100)"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(100)"
grandchild = subprocess.Popen([sys.executable, "-c", deaf])
open(os.path.join(os.path.dirname(__file__), "grandchild-" + str(grandchild.pid)), "w").close()
time.sleep(100)
"""


@pytest.mark.req("OPS-4")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_both_children_and_the_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    running = Running(tmp_path, SLEEPS)
    assert eventually(lambda: running.pids("web") and running.pids("worker"))
    running.process.send_signal(number)
    assert running.end().splitlines()[-1] == "[supervise] stopped"
    assert running.process.returncode == 0
    assert not [pid for name in ("web", "worker") for pid in running.pids(name) if alive(pid)]


@pytest.mark.req("OPS-4")
def test_children_that_ignore_the_signal_are_killed_with_their_own_children(tmp_path: Path) -> None:
    running = Running(tmp_path, STUBBORN)
    assert eventually(lambda: len(running.pids("grandchild")) == 2)
    running.process.terminate()
    running.end()
    left = [pid for name in ("web", "worker", "grandchild") for pid in running.pids(name)]
    assert len(left) == 4
    assert eventually(lambda: not any(alive(pid) for pid in left))


@pytest.mark.req("OPS-4", "R2")
def test_a_crashed_child_is_started_again_and_the_other_left_alone(tmp_path: Path) -> None:
    running = Running(tmp_path, SLEEPS)
    assert eventually(lambda: running.pids("web") and running.pids("worker"))
    os.kill(running.pids("web")[0], signal.SIGKILL)
    assert eventually(lambda: len(running.pids("web")) == 2)
    assert len(running.pids("worker")) == 1
    running.process.terminate()
    assert "the web service ended with exit code -9; starting it again" in running.end()


@pytest.mark.req("OPS-4")
def test_a_child_that_keeps_crashing_ends_everything_with_a_reason(tmp_path: Path) -> None:
    running = Running(tmp_path, "sys.exit(7) if sys.argv[1] == 'worker' else time.sleep(100)")
    printed = running.end()
    assert running.process.returncode == 1
    assert "The worker service ended 5 times" in printed
    assert "exit code 7" in printed
    assert not [pid for pid in running.pids("web") if alive(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
@pytest.mark.req("OPS-4")
def test_killing_the_supervisor_itself_leaves_no_orphan(tmp_path: Path) -> None:
    running = Running(tmp_path, SLEEPS)
    assert eventually(lambda: running.pids("web") and running.pids("worker"))
    running.process.kill()
    running.end()
    assert eventually(lambda: not any(alive(pid) for name in ("web", "worker") for pid in running.pids(name)))


@pytest.mark.req("OPS-4")
def test_a_taken_port_is_named_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "tools.supervise"],
            cwd=ROOT, env=os.environ | {"PORT": str(port), "BIND": ""}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert answer.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in answer.stderr
    assert answer.stdout == ""


@pytest.mark.req("OPS-4")
def test_a_port_that_is_no_number_is_refused_by_name() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tools.supervise", "--check-port"],
        cwd=ROOT, env=os.environ | {"PORT": "eighty", "BIND": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "PORT must be a number" in answer.stderr
