"""A network of this machine's own: a bridge, and a namespace for each node, whose cable can be pulled.

Whoever is not in a namespace (the tests, PostgreSQL, the bucket) is at :attr:`Network.here`. It takes root and the
program ``ip``; :func:`missing` says what of that is not there.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CLONE_NEWNET = 0x40000000
_networks = itertools.count()


@cache
def missing() -> str:
    """Why there can be no network here, in words; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    if shutil.which("ip") is None:
        return "the program `ip` is not here"
    probe = f"vt{os.getpid()}p"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False)
    if made.returncode:
        return f"no network namespace can be made: {made.stderr.decode().strip()}"
    linked = subprocess.run(["ip", "link", "add", probe, "type", "bridge"], capture_output=True, check=False)
    _ip("link", "del", probe, check=False)
    _ip("netns", "del", probe)
    return f"no bridge can be made: {linked.stderr.decode().strip()}" if linked.returncode else ""


class Network:
    """Made by :func:`network`."""

    def __init__(self, places: int) -> None:
        number = next(_networks)
        # A part of the range for benchmarks (RFC 2544), which no machine has an address of: several runs keep apart.
        self._range = f"198.{18 + number % 2}.{os.getpid() % 256}"
        self._stem = f"vt{os.getpid()}{'abcdefghij'[number % 10]}"
        self.here = f"{self._range}.1"
        """Where whoever is in no namespace is reached."""
        self.range = f"{self._range}.0/24"
        self._places = places

    def make(self) -> None:
        """Make all of it."""
        bridge = f"{self._stem}br"
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{self.here}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for place in range(self._places):
            name, inner = self._name(place), f"{self._name(place)}i"
            _ip("netns", "add", name)
            _ip("link", "add", name, "type", "veth", "peer", "name", inner)
            _ip("link", "set", name, "master", bridge, "up")
            _ip("link", "set", inner, "netns", name)
            _ip("-n", name, "addr", "add", f"{self.address(place)}/24", "dev", inner)
            _ip("-n", name, "link", "set", inner, "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def address(self, place: int) -> str:
        """Where a namespace is reached from all others."""
        return f"{self._range}.{place + 2}"

    def namespace(self, place: int) -> Path:
        """What a process joins to be in it (:func:`join`)."""
        return Path("/var/run/netns") / self._name(place)

    def cut(self, place: int) -> None:
        """Pull the cable: nothing goes in or out, and nobody is told."""
        _ip("link", "set", self._name(place), "down")

    def mend(self, place: int) -> None:
        """Put it in again."""
        _ip("link", "set", self._name(place), "up")

    def away(self, place: int, seconds: float) -> None:
        """Cut, for so long."""
        self.cut(place)
        try:
            time.sleep(seconds)
        finally:
            self.mend(place)

    def remove(self) -> None:
        """Leave nothing of it, however much of it was made."""
        for place in range(self._places):
            # The cable goes first: a namespace that a process is still in lives on without a name.
            _ip("link", "del", self._name(place), check=False)
            _ip("netns", "del", self._name(place), check=False)
        _ip("link", "del", f"{self._stem}br", check=False)

    def _name(self, place: int) -> str:
        return f"{self._stem}{place}"


@contextlib.contextmanager
def network(places: int) -> Iterator[Network]:
    """A network with so many namespaces, until the block is left."""
    made = Network(places)
    try:
        made.make()
        yield made
    finally:
        made.remove()


def join(namespace: Path) -> None:
    """Let this thread be in a namespace: its connections, and those of what it starts, are from there."""
    with namespace.open("rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns", str(namespace))


def _ip(*words: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, check=False)
    assert not check or done.returncode == 0, (words, done.stderr.decode())
