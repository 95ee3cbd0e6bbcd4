"""The program ``git``, started so that neither a repository nor a setting makes it do anything else.

Without a shell, with none of the environment but a path, under no configuration but the repository's own, of which what
would run a program is switched off: hooks, file system monitors, external diffs, text conversion, remote helpers. No
protocol is allowed unless a call names one. What is answered is bounded in bytes and time, and one allocation of the
program in size: a small pack can hold objects of any size.

References: git(1), git-config(1) "protocol.allow", "core.bigFileThreshold"; wrapper.c on ``GIT_ALLOC_LIMIT``.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.errors import BusyError, InputError, StorageError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import IO

SECONDS: Final = 60.0
"""For one call of the program."""
MOST: Final = 64 << 20
"""Bytes of one answer."""
MOST_TOLD: Final = 1 << 16
"""Bytes of what it says besides that are looked at."""
ALLOCATION: Final = "1g"
"""The most memory the program may ask for at once."""
_REFUSED: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "core.attributesFile=/dev/null",
    "-c", "protocol.allow=never",
    "-c", "protocol.ext.allow=never",
    "-c", "core.pager=cat",
    "-c", "log.showSignature=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
)  # fmt: skip


class Done(NamedTuple):
    """How a call ended."""

    code: int
    out: bytes
    told: bytes
    """What it said besides."""
    cut: bool = False
    """Whether there was more of the answer than was asked for."""

    def sure(self, what: str, folder: Path) -> bytes:
        """The answer.

        Raises:
            InputError: there is none.
        """
        if self.code and not self.cut:
            raise failed(what, folder, self.told)
        return self.out


def failed(what: str, folder: Path, told: bytes) -> InputError:
    """The error of a call that the program ended with what it told."""
    text = told.decode("utf-8", "replace").strip()[:300]
    return InputError(f"git {what} failed in {folder.name}", expected="a readable repository", got=text)


def run(
    folder: Path, words: Sequence[str], *, data: bytes | IO[bytes] = b"", seconds: float = SECONDS, most: int = MOST,
    cut: bool = False, config: Sequence[str] = (), also: Mapping[str, str] | None = None,
    largest: int = 0,
) -> Done:  # fmt: skip
    """Start the program in a repository and wait for it.

    Args:
        folder: a working tree, or a bare repository.
        words: the command and what it is given.
        data: its standard input; of a file, from where it stands.
        seconds: after so many it is ended.
        most: bytes of its answer.
        cut: whether an answer beyond that is cut there, and not refused.
        config: settings besides, as ``name=value``.
        also: environment besides.
        largest: bytes of any file that it, or what it starts, may write; 0: of any size.

    Raises:
        TooLargeError: it answers more than ``most``.
        BusyError: it takes longer than ``seconds``.
        StorageError: it cannot be started.
    """
    line = ["git", "--no-pager", "--literal-pathspecs", "--no-replace-objects", "-C", str(folder), *_REFUSED]
    line += [word for one in config for word in ("-c", one)]
    # Files rather than pipes: neither side can be made to wait for the other.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
        if isinstance(data, bytes):
            given.write(data)
            given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the program is ours to name, its words are checked, no shell
                [*line, *words], stdin=given if isinstance(data, bytes) else data, stdout=subprocess.PIPE, stderr=told,
                env={**environment(), **(also or {})},
            )  # fmt: skip
        except OSError as error:
            raise StorageError("git cannot be started", got=error.strerror or "", hint="install it") from None
        if largest:
            # It writes nothing before it has spoken with the other side, and what it starts then is bound by this too.
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        with process:
            timer.start()
            try:
                assert process.stdout is not None  # noqa: S101 - a pipe was asked for
                out = process.stdout.read(most + 1)
                over = len(out) > most
                if over:
                    process.kill()
                code = process.wait()
            finally:
                timer.cancel()
                process.kill()
        if late.is_set():
            raise BusyError(f"git {words[0]} took too long", expected=f"at most {seconds:g} s")
        if over and not cut:
            raise TooLargeError(f"git {words[0]} answers too much", expected=f"at most {most} bytes")
        told.seek(0)
        return Done(code, out[:most], told.read(MOST_TOLD), over)


def environment() -> dict[str, str]:
    """All of the environment that the program is given."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ALLOC_LIMIT": ALLOCATION,
    }
