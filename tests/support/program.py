"""Running the real program, as a person or a script would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.prepared import Prepared, ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 150
"""Seconds a program may take to stop, on a machine that does much else."""


def environment(**extra: str) -> dict[str, str]:
    """The test's environment without settings of the product, so that no test depends on the machine's own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VESTIGE_")}
    return clean | extra


@dataclass(frozen=True)
class Vestige:
    """The command line on one data directory."""

    data: Path

    def run(self, *arguments: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "vestige", *arguments, "--data", str(self.data)]
        return ran(command, stdin=stdin, env=environment(**env))

    def ok(self, *arguments: str, code: int = 0, stdin: bytes = b"") -> bytes:
        """Run a command that must end with this code; its standard output."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == code, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-4000:])
        return done.stdout

    def json(self, *arguments: str, code: int = 0, stdin: bytes = b"") -> Any:
        """The one JSON object a command prints."""
        return json.loads(self.ok(*arguments, "--json", code=code, stdin=stdin))

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines a command prints."""
        return [json.loads(line) for line in self.ok(*arguments, "--json").splitlines()]


@dataclass(frozen=True)
class Running:
    """A server under way."""

    url: str
    token: str | None
    process: subprocess.Popen[bytes]


def ended(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Ask a program to stop; it must do so by itself and well. If it does not, what its threads do is in the failure.

    Its output and what it said."""
    process.send_signal(signal.SIGTERM)
    try:
        out, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        raise AssertionError("it did not stop:\n" + (process.communicate()[1] or b"").decode()) from None
    assert process.returncode == 0, (errors or b"").decode()
    return out, errors


@contextlib.contextmanager
def serving(data: Path, *options: str, **env: str) -> Iterator[Running]:
    """`vestige up` on a free port, until the block is left; it must then stop by itself and well."""
    process = Prepared(
        [sys.executable, "-m", "vestige", "up", "--port", "0", "--data", str(data), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**env),
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline().decode().strip()
        if not first.startswith("listening on "):
            process.kill()
            raise AssertionError(first + process.communicate()[1].decode())
        token = None
        if not (data / "seen").exists():
            token = process.stdout.readline().decode().strip()
            (data / "seen").touch()
        yield Running(first.removeprefix("listening on "), token, process)
        ended(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
