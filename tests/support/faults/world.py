"""Four nodes and what they stand on, as far as this machine lets a test have it."""

from __future__ import annotations

import base64
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.bucket import Buckets, buckets
from support.faults import disk, network
from support.faults.clock import Clock
from support.faults.node import NONE
from support.hammer import Killable
from support.postgres import Postgres
from vestige.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.faults.disk import Disk
    from support.faults.network import Network

NODE = Path(__file__).with_name("node.py")
PORT = 8080
"""Of a node that is alone in its namespace."""
DATA_MIB, SIGNER_MIB = 384, 16


class Node(Killable):
    """A server with a place in the network, a disk and a clock of its own."""

    def __init__(self, place: int, folder: Path, wires: Network | None, **env: str) -> None:
        super().__init__(folder / "data", **env)
        self.place = place
        self.clock = Clock(folder.with_name(f"{folder.name}.clock"))
        self.said = folder.with_name(f"{folder.name}.stderr")
        namespace = NONE
        if wires is not None:
            self.port = PORT
            self.url = f"http://{wires.address(place)}:{PORT}"
            self.options = ["--host", wires.address(place), "--insecure"]
            namespace = str(wires.namespace(place))
        self.command = [str(NODE), namespace, str(self.clock.path)]


@dataclass
class World:
    """What faults befall."""

    nodes: list[Node]
    postgres: Postgres
    database: str
    store: Buckets
    bucket: str
    wires: Network | None
    disks: list[Disk]
    """The nodes', in their order, and the signer's; none where there can be none."""
    env: dict[str, str]
    without: list[str]
    """What this machine does not give, and why."""


@contextlib.contextmanager
def world(folder: Path, nodes: int) -> Iterator[World]:
    """All of it, with the nodes started, until the block is left: nothing of it stays, whatever happened."""
    without = [why for why in (network.missing(), disk.missing()) if why]
    with contextlib.ExitStack() as stack:
        wires = None if network.missing() else stack.enter_context(network.network(nodes))
        postgres = Postgres.start(None if wires is None else (wires.here, wires.range))
        stack.callback(postgres.stop)
        name = postgres.create()
        with Database.open(postgres.url(name)) as db:
            db.migrate()
        store = stack.enter_context(buckets("127.0.0.1" if wires is None else wires.here))
        bucket = store.create()
        places = [folder / f"node-{number}" for number in range(nodes)]
        disks: list[Disk] = []
        if not disk.missing():
            disks = [stack.enter_context(disk.disk(place, DATA_MIB)) for place in places]
            disks.append(stack.enter_context(disk.disk(folder / "signer", SIGNER_MIB)))
        env = store.env | {
            "VESTIGE_DATABASE_URL": postgres.url(name) if wires is None else postgres.network_url(name),
            "VESTIGE_BLOBS_URL": f"s3://{bucket}/evidence",
            "VESTIGE_SIGNER_DIR": str(folder / "signer" / "memory"),
            "VESTIGE_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
        made = [Node(number, place, wires, **env) for number, place in enumerate(places)]
        for node in made:
            node.token = made[0].token  # the first to start makes it
            stack.callback(node.kill)
            node.start()
        yield World(made, postgres, name, store, bucket, wires, disks, env, without)
