"""Runs the web processes and the background worker together: `python -m tools.supervise`.

Starts both, prints the address, starts a crashed one again with a growing pause, gives up with a clear sentence
when it keeps crashing, and on Ctrl-C or TERM stops both, leaving nothing behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "web": [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "run:app"],
    "worker": [sys.executable, "-m", "app.jobs.worker"],
}
QUICK = 10.0  # seconds: an end sooner than this after the start counts as a quick crash
MOST_QUICK_CRASHES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds before the next start; doubles with each quick crash
GRACE = 15.0  # seconds a child may take to stop before it is killed
TICK = 0.2


class GivingUp(SystemExit):
    """A child keeps crashing, or the port is taken; the message says what to do."""


def _end_with_parent() -> None:
    """Ask Linux to stop this child should the supervisor itself be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1 = PR_SET_PDEATHSIG


@dataclass
class Child:
    """One service: how to start it, and how its starts went."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    quick_crashes: int = 0

    def start(self) -> None:
        """Start in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent
        )

    def look_after(self) -> None:
        """Start when due; after an end, plan the next start. Raises GivingUp after too many quick crashes."""
        if self.process is None:
            if time.monotonic() >= self.start_after:
                self.start()
        elif self.process.poll() is not None:
            self._plan_restart(self.process.returncode)

    def _plan_restart(self, code: int) -> None:
        self.sweep()
        self.process = None
        lived = time.monotonic() - self.started_at
        self.quick_crashes = self.quick_crashes + 1 if lived < QUICK else 1
        if self.quick_crashes >= MOST_QUICK_CRASHES:
            raise GivingUp(
                f"The {self.name} service ended {self.quick_crashes} times within {QUICK:.0f} seconds of its start "
                f"(last exit code {code}). Its own messages stand above; mend the cause and start again."
            )
        pause = min(FIRST_PAUSE * 2**self.quick_crashes, LONGEST_PAUSE)
        self.start_after = time.monotonic() + pause
        say(f"the {self.name} service ended with exit code {code}; starting it again in {pause:.0f} s")

    def ask_to_stop(self) -> None:
        """Send TERM to the service; it stops its own processes."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the end, kill after `seconds`, and leave no process of this service behind."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(seconds, 0))
        self.sweep()
        self.process.wait()

    def sweep(self) -> None:
        """Kill whatever is left of the service's process group."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    """Keeps `children` running until asked to stop. `address` is (host, port) of the web service."""

    children: list[Child]
    address: tuple[str, int]
    stopping: threading.Event = field(default_factory=threading.Event)
    announced: bool = False

    def run(self) -> None:
        """Run until TERM or INT. Raises GivingUp when a child cannot be kept running."""
        with self._signals():
            try:
                while not self.stopping.is_set():
                    for child in self.children:
                        child.look_after()
                    self._announce()
                    self.stopping.wait(TICK)
            finally:
                self._stop_all()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: object) -> None:
            self.stopping.set()

        old = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

    def _announce(self) -> None:
        if not self.announced and _answers(self.address):
            self.announced = True
            host, port = self.address
            say(f"ready: http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/   (Ctrl-C stops everything)")

    def _stop_all(self) -> None:
        say("stopping")
        deadline = time.monotonic() + GRACE
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait(deadline - time.monotonic())
        say("stopped")


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=0.2):
            return True
    except OSError:
        return False


def check_port(host: str, port: int) -> None:
    """Raise GivingUp when `port` cannot be taken on `host`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise GivingUp(
                f"Port {port} on {host} cannot be used: {error.strerror}. "
                f"Stop what uses it, or choose another one: make run PORT={port + 1}"
            ) from None


def say(text: str) -> None:
    """Print one line of the supervisor's own."""
    print(f"[supervise] {text}", flush=True)


def bind_address() -> tuple[str, int]:
    """Return host and port from BIND (`host:port`) or PORT. Raises GivingUp when they cannot be read."""
    host, _, port = (os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8080}").rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise GivingUp(f"PORT must be a number from 1 to 65535, not {port!r}.")
    return host, int(port)


def main() -> None:
    """Check the port; with `--check-port` that is all, otherwise run both services."""
    address = bind_address()
    check_port(*address)
    if "--check-port" not in sys.argv[1:]:
        Supervisor([Child(name, command) for name, command in COMMANDS.items()], address).run()


if __name__ == "__main__":
    main()
