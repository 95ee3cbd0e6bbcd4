"""A Python that has read the product already: what a test starts as a program is a fork of it, and begins at once.

Reading the product takes a program more than a second, and the tests start it a thousand times. So each process of
tests has one other process that has read it, has one thread and has opened nothing; :class:`Prepared` asks that for a
child. The child is a process like any other: an id, streams, signals, an exit code and an end of its own, and it runs
``-m vestige``, or a script, as ``__main__``. What it does not show is that the program can be read; that is shown by
the tests that start ``sys.executable`` themselves (:mod:`test_program`).

The child belongs to who asked, not to the process it was forked from, which forks twice: the kernel gives an orphan to
the nearest ancestor that takes orphans in (``prctl(2)``, ``PR_SET_CHILD_SUBREAPER``).
"""

from __future__ import annotations

import atexit
import ctypes
import faulthandler
import fcntl
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

TESTS = Path(__file__).parents[1]
LEFT_OUT = ("vestige.__main__", "vestige.db.migrations.")
"""Modules that do something when they are read."""
BESIDE = ("alembic.command", "alembic.config", "clickhouse_connect", "pandas", "sqlalchemy.dialects.sqlite")
"""What the product reads when it needs it. The engine itself is left out: it starts threads when it is read."""
ALONE = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Keeps numpy and Arrow from threads of their own: a process of several threads cannot be forked in peace."""
PR_SET_CHILD_SUBREAPER = 36
HIGH = 100
"""Descriptors are moved above this number before they are put where they belong, lest one cover another."""
MOST = 64
"""Descriptors of one child."""
SECONDS = 300
"""What a program that is run to its end may take."""
PATIENCE = 30
"""Seconds the process the others are forked from may take to end."""


class Prepared(subprocess.Popen[bytes]):
    """Like :class:`subprocess.Popen` of ``[sys.executable, "-m", "vestige", …]`` or ``[sys.executable, script, …]``.

    It takes ``env``, ``cwd``, ``pass_fds`` and streams that are files or pipes; what else ``Popen`` takes it refuses.
    """

    def _execute_child(
        self,
        args: list[str],
        executable: Any,
        preexec_fn: Any,
        _close: Any,
        pass_fds: Any,
        cwd: Any,
        env: Any,
        *rest: Any,
    ) -> None:
        startupinfo, creationflags, shell, *streams = rest[:9]
        refused = (executable, preexec_fn, startupinfo, creationflags, shell)
        assert not any(refused), refused
        assert args[0] == sys.executable, args
        theirs = (streams[0], streams[3], streams[5])
        handles = [own if given == -1 else given for own, given in enumerate(theirs)]
        self.pid = _process().fork(
            {
                "args": args[1:],
                "env": dict(os.environ if env is None else env),
                "cwd": os.fspath(cwd or Path.cwd()),
                "numbers": [0, 1, 2, *pass_fds],
            },
            [*handles, *pass_fds],
        )
        self._child_created = True
        self._close_pipe_fds(*streams)  # type: ignore[attr-defined]


def ran(command: list[str], *, stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; like :func:`subprocess.run` it keeps what is written and leaves nothing running."""
    pipe = subprocess.PIPE
    with Prepared(command, stdin=pipe, stdout=pipe, stderr=pipe, **options) as process:
        try:
            out, errors = process.communicate(stdin, timeout=SECONDS)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


class _Process:
    """The process that has read the product, seen from the tests."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
            env = os.environ | {"PYTHONPATH": paths} | ALONE
            command = [sys.executable, "-m", "support.prepared", str(theirs.fileno())]
            nothing = subprocess.DEVNULL
            self._process = subprocess.Popen(
                command, env=env, pass_fds=[theirs.fileno()], stdin=nothing, stdout=nothing
            )
        self._socket = ours
        self._answers = ours.makefile("rb")
        self._lock = threading.Lock()
        assert ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        assert self._answers.readline() == b"ready\n", "the product could not be read"
        atexit.register(self._end)

    def fork(self, request: dict[str, Any], handles: list[int]) -> int:
        """A child that does what the request says, with these descriptors; its id."""
        with self._lock:
            umask = os.umask(0o077)
            os.umask(umask)
            body = json.dumps(request | {"umask": umask}).encode()
            socket.send_fds(self._socket, [len(body).to_bytes(4, "big")], handles)
            self._socket.sendall(body)
            child = int(self._answers.readline())
            assert self._answers.readline() == b"orphan\n"
            return child

    def _end(self) -> None:
        """It ends when nobody can ask it any more."""
        self._answers.close()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._process.wait(PATIENCE)


@cache
def _process() -> _Process:
    return _Process()


def serve(channel: socket.socket) -> None:
    """Fork for every request until nobody can ask any more; a child returns when its program is over, and so ends."""
    for module in walk_packages(import_module("vestige").__path__, "vestige."):
        if not module.name.startswith(LEFT_OUT):
            import_module(module.name)
    for name in BESIDE:
        import_module(name)
    threads = os.listdir("/proc/self/task")  # noqa: PTH208 - names, not paths
    assert len(threads) == 1, f"reading the product has started threads: {threads}"
    gc.collect()
    gc.freeze()
    channel.sendall(b"ready\n")
    while True:
        head, handles, *_ = socket.recv_fds(channel, 4, MOST)
        if not head:
            return
        body = b""
        while len(body) < int.from_bytes(head, "big"):
            body += channel.recv(int.from_bytes(head, "big") - len(body))
        middle = os.fork()
        if middle == 0:
            child = os.fork()
            if child == 0:
                channel.close()
                become(json.loads(body), handles)
                return
            channel.sendall(b"%d\n" % child)
            os._exit(0)
        os.waitpid(middle, 0)
        channel.sendall(b"orphan\n")
        for handle in handles:
            os.close(handle)


def become(request: dict[str, Any], handles: list[int]) -> None:
    """Be the program that was asked for."""
    raised = [fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, HIGH) for handle in handles]
    for handle in handles:
        os.close(handle)
    for number, handle in zip(request["numbers"], raised, strict=True):
        os.dup2(handle, number)
        os.close(handle)
    faulthandler.enable()  # a test that ends it for being late sees where it is
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.umask(request["umask"])
    os.chdir(request["cwd"])
    first, *others = request["args"]
    if first == "-m":
        name, *others = others
        sys.argv = [name, *others]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        return
    sys.argv = [first, *others]
    runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
