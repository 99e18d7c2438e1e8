"""The platform in processes of its own, for tests that need real requests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.support.databases import ROOT, Database

START_SECONDS = 120.0  # a busy machine takes long


def free_port() -> int:
    """Return a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """Web processes on a port of their own, using `database`: a context manager."""

    def __init__(self, database: Database, *, workers: int = 1, application: str = "run:app", **settings: str) -> None:
        self.database = database
        self.application = application
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = database.folder / "server.log"
        self._environment = database.environment | {
            "BIND": f"127.0.0.1:{self.port}", "PORT": str(self.port), "WEB_WORKERS": str(workers), **settings,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it answers. Raises AssertionError with the log when it does not."""
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", self.application]
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            waiting = self._process.poll() is None and time.monotonic() < deadline
            assert waiting, f"the server did not start:\n{self.log_text()}"
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as an operator would."""
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def kill(self) -> None:
        """End the whole service at once, as a power cut would."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)

    def kill_worker(self) -> None:
        """End one of its web processes at once; the service goes on and makes another."""
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii")
        os.kill(int(children.split()[0]), signal.SIGKILL)

    def answers(self) -> bool:
        """Whether it is ready: it runs and reaches its database."""
        try:
            urllib.request.urlopen(self.url + "/readyz", timeout=2).close()
        except OSError:
            return False
        return True

    def log_text(self) -> str:
        """Return the end of what it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-5000:] if Path(self.log).exists() else ""
