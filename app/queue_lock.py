"""A lock on a file that is handed on in the order people came, and that no dead process keeps.

Plain file locks and SQLite's own go to whoever asks at the right moment; the unlucky wait for seconds. Here each takes
the next number, kept in the file, locks the byte of that number, and waits until the bytes of all smaller numbers are
free. The kernel frees the byte of a process that ends, however it ends: who was killed while waiting is passed over,
who was killed while holding hands on. Closing the file leaves the queue.
"""

from __future__ import annotations

import fcntl
import os
import struct

# Locks of an open file, not of a process: threads wait for one another as well. Where the system has none (macOS), one
# plain lock for all, in whatever order.
_WAIT = getattr(fcntl, "F_OFD_SETLKW", None)
_COUNTER = 2**62  # the byte whose lock guards the number; far beyond every number that will be taken
_SIZE = 8  # bytes the number takes


def wait(file: int) -> int:
    """Wait in the queue of the open `file`; return the number of the turn, held until the file is closed."""
    if _WAIT is None:
        fcntl.flock(file, fcntl.LOCK_EX)
        return 0
    number = _take_number(file)
    _lock(file, fcntl.F_RDLCK, number - 1, 1)  # the neighbour, so that each end wakes one
    _lock(file, fcntl.F_RDLCK, 0, number)  # and whoever is left of those before, should the neighbour have been killed
    _lock(file, fcntl.F_UNLCK, 0, number)
    return number


def is_awaited(file: int, number: int) -> bool:
    """Tell whether somebody has come after turn `number`; true as well where nobody can know."""
    return _WAIT is None or int.from_bytes(os.pread(file, _SIZE, 0), "big") > number


def _take_number(file: int) -> int:
    """Take the next number and lock its byte; who is killed in between leaves no number behind that anybody awaits."""
    _lock(file, fcntl.F_WRLCK, _COUNTER, 1)
    number = int.from_bytes(os.pread(file, _SIZE, 0), "big") + 1
    _lock(file, fcntl.F_WRLCK, number, 1)
    os.pwrite(file, number.to_bytes(_SIZE, "big"), 0)
    _lock(file, fcntl.F_UNLCK, _COUNTER, 1)
    return number


def _lock(file: int, kind: int, start: int, length: int) -> None:
    """Ask for the lock of some bytes and wait for it; the layout is that of C's `struct flock`."""
    assert _WAIT is not None
    fcntl.fcntl(file, _WAIT, struct.pack("hhqqi0q", kind, os.SEEK_SET, start, length, 0))
