"""The kinds of faults. Each is brought about, lasts, and is over when its function returns."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from support.faults import slow

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from support.faults.world import Node, World

DAY = 86_400
LONG = 35.0
"""Seconds: longer than whatever the product waits for somebody who says nothing."""


class Kind(NamedTuple):
    """One kind: what it does, and how often it is chosen."""

    name: str
    bring: Callable[[World, random.Random], None]
    weight: int
    missing: Callable[[World], str] = lambda _: ""
    """Why it cannot be done here."""


def killed(world: World, chance: random.Random) -> None:
    """kill -9."""
    node = _node(world, chance)
    node.kill()
    node.start()


def paused(world: World, chance: random.Random) -> None:
    """A process that stands still and goes on as if nothing had been."""
    _node(world, chance).pause(chance.uniform(0.2, 2.0))


def index_lost(world: World, chance: random.Random) -> None:
    node = _node(world, chance)
    node.kill()
    shutil.rmtree(node.data / "index")
    node.start()


def index_corrupted(world: World, chance: random.Random) -> None:
    """Bits turned in some files of a killed node's index."""
    node = _node(world, chance)
    node.kill()
    files = sorted(path for path in (node.data / "index").rglob("*") if path.is_file() and path.stat().st_size)
    for path in chance.sample(files, min(len(files), chance.randint(1, 3))):
        turn(path, chance)
    node.start()


def connections_ended(world: World, _: random.Random) -> None:
    world.postgres.cut(world.database)


def postgres_crashed(world: World, _: random.Random) -> None:
    world.postgres.crash()


def bucket_away(world: World, chance: random.Random) -> None:
    """Nobody listens where the bucket was."""
    world.store.away(chance.uniform(0.2, 2.0))


def bucket_failing(world: World, chance: random.Random) -> None:
    """It answers with 503."""
    world.store.failing(chance.uniform(0.2, 2.0))


def network_cut(world: World, chance: random.Random) -> None:
    """A node's cable pulled for a moment."""
    assert world.wires is not None
    world.wires.away(_node(world, chance).place, chance.uniform(0.3, 3.0))


def network_cut_long(world: World, chance: random.Random) -> None:
    """For longer than all timeouts."""
    assert world.wires is not None
    world.wires.away(_node(world, chance).place, LONG)


def networks_cut(world: World, chance: random.Random) -> None:
    """All nodes' cables but one."""
    assert world.wires is not None
    spared = _node(world, chance)
    seconds = chance.uniform(0.3, 3.0)
    cuts = [
        threading.Thread(target=world.wires.away, args=(node.place, seconds))
        for node in world.nodes
        if node is not spared
    ]
    for cut in cuts:
        cut.start()
    for cut in cuts:
        cut.join()


def disk_full(world: World, chance: random.Random) -> None:
    """A node's data directory, to the last byte."""
    world.disks[_node(world, chance).place].full(chance.uniform(0.3, 2.0))


def disk_full_at_start(world: World, chance: random.Random) -> None:
    """A node is killed while its disk is full, and comes back to one with room."""
    node = _node(world, chance)
    full = threading.Thread(target=world.disks[node.place].full, args=(chance.uniform(0.3, 2.0),))
    full.start()
    time.sleep(0.2)
    node.kill()
    full.join()
    node.start()


def signer_disk_full(world: World, chance: random.Random) -> None:
    """Nothing can be signed; what is appended meanwhile is signed later."""
    world.disks[-1].full(chance.uniform(0.3, 2.0))


def disk_still(world: World, chance: random.Random) -> None:
    """Every write to a node's data directory waits."""
    world.disks[_node(world, chance).place].still(chance.uniform(0.2, 2.0))


def disk_slow(world: World, chance: random.Random) -> None:
    """Each fsync of a node takes longer."""
    slow.slow([_node(world, chance).pid], chance.uniform(0.05, 0.3), chance.uniform(0.5, 2.0))


def postgres_disk_slow(world: World, chance: random.Random) -> None:
    """Each fsync of the database takes longer: its commits wait."""
    slow.slow(slow.with_children(world.postgres.pid), chance.uniform(0.05, 0.3), chance.uniform(0.5, 2.0))


def clock_jumped(world: World, chance: random.Random) -> None:
    """A node's clock goes back or forth by a second to three days, and stays there until the next jump."""
    _node(world, chance).clock.set(chance.choice((-1, 1)) * chance.choice((1, 60, DAY // 2, 3 * DAY)))


def clock_mended(world: World, _: random.Random) -> None:
    """All nodes' clocks are right again, at once."""
    for node in world.nodes:
        node.clock.set(0)


def _ours(world: World) -> str:
    return "" if world.postgres.is_ours else "the database is not ours to crash"


def _wires(world: World) -> str:
    return "" if world.wires is not None else "no network namespaces"


def _disks(world: World) -> str:
    return "" if world.disks else "no disks of their own"


def _frozen(world: World) -> str:
    return "" if world.disks and world.disks[0].stands_still else "no disk that can be frozen"


def _traced(_: World) -> str:
    return slow.missing()


def _traced_postgres(world: World) -> str:
    return _ours(world) or slow.missing()


KINDS = (
    Kind("kill", killed, 4),
    Kind("pause", paused, 3),
    Kind("index lost", index_lost, 2),
    Kind("index corrupted", index_corrupted, 3),
    Kind("connections ended", connections_ended, 2),
    Kind("PostgreSQL crashed", postgres_crashed, 2, _ours),
    Kind("bucket away", bucket_away, 2),
    Kind("bucket failing", bucket_failing, 2),
    Kind("network cut", network_cut, 3, _wires),
    Kind("network cut, three nodes", networks_cut, 2, _wires),
    Kind("network cut, long", network_cut_long, 1, _wires),
    Kind("disk full", disk_full, 3, _disks),
    Kind("disk full, and killed", disk_full_at_start, 2, _disks),
    Kind("signer's disk full", signer_disk_full, 2, _disks),
    Kind("disk still", disk_still, 2, _frozen),
    Kind("disk slow", disk_slow, 2, _traced),
    Kind("PostgreSQL's disk slow", postgres_disk_slow, 2, _traced_postgres),
    Kind("clock jumped", clock_jumped, 4),
    Kind("clocks mended", clock_mended, 1),
)


def turn(path: Path, chance: random.Random) -> None:
    """Turn one bit of a file."""
    body = bytearray(path.read_bytes())
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    path.write_bytes(body)


def _node(world: World, chance: random.Random) -> Node:
    return chance.choice(world.nodes)
