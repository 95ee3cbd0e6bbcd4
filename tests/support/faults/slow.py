"""A disk that is slow to say that something is on it: each fsync of a process waits, by the program ``strace``."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from functools import cache
from pathlib import Path

MICROSECONDS = 1_000_000
SECONDS = 60


@cache
def missing() -> str:
    """Why it cannot be done here, in words; empty if it can."""
    if shutil.which("strace") is None:
        return "the program `strace` is not here"
    with subprocess.Popen(["sleep", "60"]) as other:  # as the nodes are: none of what strace started
        command = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=none", "-p", str(other.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
            try:
                said = tracer.communicate(timeout=1)[1].decode().strip()
            except subprocess.TimeoutExpired:
                said = ""
                tracer.send_signal(signal.SIGINT)
        other.kill()
    return f"strace may not trace: {said[:100]}" if said else ""


def slow(pids: list[int], each: float, seconds: float) -> None:
    """Let each ``fsync`` and ``fdatasync`` of these processes take so much longer, for some seconds."""
    calls = "fsync,fdatasync"
    delay = f"inject={calls}:delay_enter={int(each * MICROSECONDS)}"
    chosen = [word for pid in pids for word in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", delay, *chosen],
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(seconds)
        assert tracer.poll() is None, "strace did not get hold of them"
    finally:
        tracer.send_signal(signal.SIGINT)  # it lets go of everybody, and ends
        tracer.wait(SECONDS)


def with_children(pid: int) -> list[int]:
    """A process and those it has started."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
