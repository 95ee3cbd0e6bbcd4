"""The tree: published vectors, every proof of every size to 300 against the naive tree, and damaged proofs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.model.errors import ProofError
from vestige.proof.merkle import (
    EMPTY_FRONTIER,
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    Inclusions,
    consistency_path,
    inclusion_path,
    leaf_hash,
    leaf_hashes,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.proof.conftest import NaiveTree

FOLDER = Path(__file__).parents[2] / "vectors/proof"
TREE = json.loads((FOLDER / "rfc6962-tree.json").read_text())
INCLUSION = json.loads((FOLDER / "merkle-inclusion.json").read_text())["vectors"]
CONSISTENCY = json.loads((FOLDER / "merkle-consistency.json").read_text())["vectors"]
# A loaded machine is not a failure, and the first run builds tables of Unicode.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIZES = 300


def unhex(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def refused(check: Callable[..., None], *args: Any) -> bool:
    try:
        check(*args)
    except ProofError as error:
        return bool(error.expected and error.got)
    return False


def test_published_tree() -> None:
    leaves = unhex(TREE["leaves"])
    row = [leaf_hash(leaf) for leaf in leaves]
    assert row == leaf_hashes(leaves)
    for size, root in enumerate(unhex(TREE["roots"])):
        assert tree_root(row[:size]) == root
        assert EMPTY_FRONTIER.extend(row[:size]).root() == root
    for hashes in map(unhex, TREE["nodes"]):
        assert row == hashes
        row = [node_hash(*row[i : i + 2]) for i in range(0, len(row) - 1, 2)]
    assert unhex(TREE["roots"])[0] == EMPTY_ROOT


def test_there_are_as_many_vectors_as_published() -> None:
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)
    assert sum(not v["want_err"] for v in INCLUSION) == 6
    assert sum(not v["want_err"] for v in CONSISTENCY) == 7


@pytest.mark.parametrize("vector", INCLUSION, ids=lambda v: v["id"])
def test_published_inclusion_proofs(vector: dict[str, Any]) -> None:
    leaf, root = unhex([vector["leaf_hash"], vector["root"]])
    args = (leaf, vector["index"], vector["size"], unhex(vector["proof"]), root)
    assert refused(verify_inclusion, *args) == vector["want_err"]


@pytest.mark.parametrize("vector", CONSISTENCY, ids=lambda v: v["id"])
def test_published_consistency_proofs(vector: dict[str, Any]) -> None:
    root1, root2 = unhex([vector["root1"], vector["root2"]])
    args = (vector["size1"], vector["size2"], root1, root2, unhex(vector["proof"]))
    assert refused(verify_consistency, *args) == (vector["want_err"] or "refused_here" in vector)


def test_every_root_to_300(tree: NaiveTree) -> None:
    frontier = EMPTY_FRONTIER
    for size in range(SIZES + 1):
        assert frontier.root() == tree_root(tree.leaves(size)) == tree.mth(0, size)
        assert Frontier.from_bytes(frontier.to_bytes()) == frontier
        frontier = frontier.extend([tree.leaf(size)])


def test_every_inclusion_proof_to_300(tree: NaiveTree) -> None:
    for size in range(1, SIZES + 1):
        root = tree.mth(0, size)
        for index in range(size):
            path = inclusion_path(index, size, tree.node)
            assert path == tree.path(index, 0, size)
            verify_inclusion(tree.leaf(index), index, size, path, root)


def test_every_consistency_proof_to_300(tree: NaiveTree) -> None:
    for size2 in range(1, SIZES + 1):
        for size1 in range(1, size2 + 1):
            path = consistency_path(size1, size2, tree.node)
            assert path == tree.proof(size1, 0, size2)
            verify_consistency(size1, size2, tree.mth(0, size1), tree.mth(0, size2), path)


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")


def damaged(path: list[bytes], rng: random.Random) -> list[list[bytes]]:
    """Each hash flipped, removed, doubled, cut short; neighbours swapped; one added at either end or emptied."""
    extra = rng.randbytes(32)
    out = [[*path, extra], [extra, *path], [*path, b""], [b"", *path]]
    for i, one in enumerate(path):
        out += [
            [*path[:i], flipped(one, rng.randrange(256)), *path[i + 1 :]],
            [*path[:i], *path[i + 1 :]],
            [*path[:i], one, *path[i:]],
            [*path[:i], one[:31], *path[i + 1 :]],
        ]
        if i and path[i - 1] != one:
            out.append([*path[: i - 1], one, path[i - 1], *path[i + 1 :]])
    return out


def test_damaged_inclusion_proofs_are_refused(tree: NaiveTree) -> None:
    rng = random.Random(6962)
    for size in range(1, SIZES + 1, 3):
        root = tree.mth(0, size)
        for index in {0, size - 1, rng.randrange(size), rng.randrange(size)}:
            leaf, path = tree.leaf(index), inclusion_path(index, size, tree.node)
            assert not refused(verify_inclusion, leaf, index, size, path, root)
            for wrong in damaged(path, rng):
                assert refused(verify_inclusion, leaf, index, size, wrong, root)
            for other in {-1, size, *range(max(0, index - 4), min(size, index + 5)), index ^ 1, index ^ 2} - {index}:
                assert refused(verify_inclusion, leaf, other, size, path, root)
            assert refused(verify_inclusion, flipped(leaf, 7), index, size, path, root)
            assert refused(verify_inclusion, leaf, index, size, path, flipped(root, 7))
            assert refused(verify_inclusion, leaf, index, index, path, root)


def test_damaged_consistency_proofs_are_refused(tree: NaiveTree) -> None:
    rng = random.Random(6962)
    for size2 in range(2, SIZES + 1, 3):
        root2 = tree.mth(0, size2)
        for size1 in {1, size2 - 1, size2, rng.randrange(1, size2), rng.randrange(1, size2)}:
            root1, path = tree.mth(0, size1), consistency_path(size1, size2, tree.node)
            assert not refused(verify_consistency, size1, size2, root1, root2, path)
            for wrong in damaged(path, rng):
                assert refused(verify_consistency, size1, size2, root1, root2, wrong)
            assert refused(verify_consistency, size1, size2, flipped(root1, 1), root2, path)
            assert refused(verify_consistency, size1, size2, root1, flipped(root2, 1), path)
            assert refused(verify_consistency, 0, size2, EMPTY_ROOT, root2, path)
            assert refused(verify_consistency, size2 + 1, size2, root1, root2, path)
            if size1 != size2:
                assert refused(verify_consistency, size2, size1, root2, root1, path)
                assert refused(verify_consistency, size1, size2, root2, root1, path)


def test_a_fork_has_no_consistency_proof(tree: NaiveTree) -> None:
    leaves = tree.leaves(100)
    forked = [*leaves[:40], leaf_hash(b"another"), *leaves[41:]]
    honest, other = tree_root(leaves[:60]), tree_root(forked)
    path = consistency_path(60, 100, tree.node)
    verify_consistency(60, 100, honest, tree_root(leaves), path)
    with pytest.raises(ProofError, match="does not extend"):
        verify_consistency(60, 100, honest, other, path)


@steady
@given(st.integers(1, MAX_SIZE), st.data())
def test_proofs_in_huge_trees(size: int, data: st.DataObject) -> None:
    # A tree of equal leaves: every node of a level is the same, so trees up to 2**63 - 1 cost nothing to build.
    levels = [leaf_hash(b"same")]
    while len(levels) < 64:
        levels.append(node_hash(levels[-1], levels[-1]))

    def node(level: int, _index: int) -> bytes:
        return levels[level]

    def head(leaves: int) -> bytes:
        return Frontier(leaves, tuple(levels[i] for i in range(63, -1, -1) if leaves >> i & 1)).root()

    index = data.draw(st.integers(0, size - 1))
    size1 = data.draw(st.integers(1, size))
    path = inclusion_path(index, size, node)
    verify_inclusion(levels[0], index, size, path, head(size))
    assert refused(verify_inclusion, levels[1], index, size, path, head(size))
    path = consistency_path(size1, size, node)
    verify_consistency(size1, size, head(size1), head(size), path)
    assert refused(verify_consistency, size1, size, head(size1), levels[63], path)


@steady
@given(st.lists(st.integers(0, 70), max_size=12))
def test_a_frontier_does_not_depend_on_the_batches(batches: list[int]) -> None:
    leaves = leaf_hashes(b"%d" % i for i in range(sum(batches)))
    frontier = EMPTY_FRONTIER
    at = 0
    for count in batches:
        frontier = frontier.extend(leaves[at : at + count])
        at += count
    assert frontier == EMPTY_FRONTIER.extend(leaves)
    assert frontier.size == len(leaves)


@pytest.mark.parametrize("args", [(-1, 1), (1, 1), (0, 0), (0, MAX_SIZE + 1)])
def test_no_path_to_a_leaf_that_is_not_there(args: tuple[int, int], tree: NaiveTree) -> None:
    with pytest.raises(ProofError):
        inclusion_path(*args, tree.node)


@pytest.mark.parametrize("args", [(0, 1), (0, 0), (2, 1), (-1, 1), (1, MAX_SIZE + 1)])
def test_no_path_between_sizes_out_of_order(args: tuple[int, int], tree: NaiveTree) -> None:
    with pytest.raises(ProofError):
        consistency_path(*args, tree.node)


@pytest.mark.parametrize(
    ("size", "nodes"),
    [(1, 0), (0, 1), (3, 1), (4, 2), (-1, 0), (MAX_SIZE + 1, 1)],
)
def test_a_frontier_must_fit_its_size(size: int, nodes: int) -> None:
    with pytest.raises(ProofError):
        Frontier(size, (bytes(32),) * nodes)


def test_the_greatest_tree_is_a_tree(tree: NaiveTree) -> None:
    assert MAX_SIZE == 2**63 - 1
    full = Frontier(MAX_SIZE, (bytes(32),) * 63)
    assert full.to_bytes()[:8] == b"\x7f" + b"\xff" * 7

    def node(_level: int, _index: int) -> bytes:
        return bytes(32)

    assert len(inclusion_path(0, MAX_SIZE, node)) == 63
    assert len(consistency_path(1, MAX_SIZE, node)) == 63
    for check in (lambda: full.extend([bytes(32)]), lambda: inclusion_path(0, MAX_SIZE + 1, tree.node)):
        with pytest.raises(ProofError):
            check()


def test_a_frontier_holds_whole_hashes() -> None:
    assert Frontier(1, (bytes(32),)).root() == bytes(32)
    with pytest.raises(ProofError):
        Frontier(1, (bytes(31),))


@steady
@given(st.binary(max_size=120))
def test_reading_a_frontier_raises_nothing_else(data: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(data)
    except ProofError:
        return
    assert frontier.to_bytes() == data


def test_proofs_one_after_the_other_are_taken_and_refused_as_each_by_itself() -> None:
    """In any order, with paths that were damaged at any height: what neighbours share is never believed of another."""
    chance = random.Random(11)
    taken = refusals = 0
    for size in (*range(1, 34), 100, 255, 256, 257):
        leaves = leaf_hashes(number.to_bytes(4, "big") for number in range(size))
        rows, frontier = EMPTY_FRONTIER.grow(leaves)
        root, levels = frontier.root(), dict(enumerate(rows))
        paths = [inclusion_path(index, size, lambda level, at, of=levels: of[level][at]) for index in range(size)]  # type: ignore[misc]
        shared = Inclusions(size, root)
        order = list(range(size))
        for again in range(3):
            for index in order:
                leaf, claimed, path = leaves[index], index, list(paths[index])
                match chance.randrange(6):
                    case 0 if path:
                        at = chance.randrange(len(path))
                        path[at] = chance.choice((bytes(32), path[at][:31], path[at - 1], leaves[index - 1]))
                    case 1:
                        leaf = chance.choice((leaves[index - 1], bytes(32), root))
                    case 2:
                        claimed = chance.choice((index ^ 1, index - 1, size))
                    case 3 if path:
                        path = chance.choice((path[1:], path[:-1], [*path, path[-1]]))
                    case _:
                        pass
                bad = refused(verify_inclusion, leaf, claimed, size, path, root)
                assert refused(shared.verify, leaf, claimed, tuple(path)) == bad
                taken += not bad
                refusals += bad
            if again:
                chance.shuffle(order)
    assert taken > 1000 < refusals
