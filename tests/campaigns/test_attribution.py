"""Lines through real Git, by every way history is made and rewritten; what is said of them held against who wrote them.

`make test` runs a seeded sample, `make campaign-attribution` a long one, and prints the table.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from support.attributing.editing import KINDS, edit
from support.attributing.truth import PERSON
from support.attributing.world import Score, World
from vestige.attribution import Call, Grade, Outcome

SAMPLE: Final = 3
EXAMPLES: Final = int(os.environ.get("VESTIGE_TEST_ATTRIBUTION", str(SAMPLE)))
STEPS: Final = 25
SCORE = Score()

SEEDS = st.integers(0, 2**32 - 1)
KIND = st.sampled_from(KINDS)
FAULT = st.sampled_from(("", "", "", "", "denied", "failed", "no before", "no after", "meanwhile"))
SIDE = st.sampled_from(("ours", "theirs", "both", "agent", "person"))


class Work(RuleBasedStateMachine):
    """People and agents at work in one repository."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="vestige-attribution-"))
        self.world = World(self.folder, SCORE)
        self.operation = "commit"

    def teardown(self) -> None:
        try:
            self.world.score_replayed()
            assert self.world.wrong == []
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def judge(self, operation: str) -> None:
        self.world.score_new(operation)
        assert self.world.wrong == []

    def judge_far(self, operation: str, olds: list[str], news: list[str]) -> None:
        self.world.score_far(operation, olds, news)
        assert self.world.wrong == []

    def pick(self, rng: random.Random) -> str:
        return rng.choice(self.world.paths())

    @rule(number=SEEDS, kind=KIND, fault=FAULT)
    def agent_edits(self, number: int, kind: str, fault: str) -> None:
        rng = random.Random(number)
        self.world.agent_edits(self.pick(rng), kind, rng, fault)

    @rule(number=SEEDS, kind=KIND, fails=st.booleans())
    def agent_runs_a_command(self, number: int, kind: str, fails: bool) -> None:
        rng = random.Random(number)
        world = self.world
        paths = rng.sample(world.paths(), 2)

        def what(call: Call) -> None:
            for path in paths:
                world.put(path, edit(world.get(path), kind, call.id, world.truth, rng))

        world.agent_shell(what, outcome=Outcome.FAILED if fails and rng.random() < 0.3 else Outcome.OK)

    @rule(number=SEEDS)
    def agent_makes_a_file(self, number: int) -> None:
        rng = random.Random(number)
        world = self.world
        path = f"{world.name()}.py"

        def what(call: Call) -> None:
            world.put(path, [world.truth.write(call.id, rng) for _ in range(rng.randint(3, 9))])

        world.agent_shell(what)

    @rule(number=SEEDS)
    def agents_work_at_once(self, number: int) -> None:
        rng = random.Random(number)
        self.world.agents_at_once(self.pick(rng), rng)

    @rule(number=SEEDS, kind=KIND, watched=st.booleans())
    def person_edits(self, number: int, kind: str, watched: bool) -> None:
        rng = random.Random(number)
        self.world.person_edits(self.pick(rng), kind, rng, watched=watched)

    @rule(number=SEEDS, way=st.sampled_from(("agent", "person", "hook")))
    def formatter_runs(self, number: int, way: str) -> None:
        rng = random.Random(number)
        world = self.world
        path = self.pick(rng)
        if way == "agent":
            world.agent_shell(lambda _: world.formatter(path, rng))
        else:
            world.formatter(path, rng)
        if way == "hook":
            world.git("add", "-A")
            world.commit()
            self.judge("reformat")

    @rule()
    def commit_everything(self) -> None:
        self.world.git("add", "-A")
        self.world.commit()
        self.judge("commit")

    @rule(number=SEEDS, kind=KIND, again=st.booleans())
    def agent_commits(self, number: int, kind: str, again: bool) -> None:
        rng = random.Random(number)
        world = self.world
        path = self.pick(rng)

        def what(call: Call) -> None:
            for _ in range(1 + again):
                world.put(path, edit(world.get(path), kind, call.id, world.truth, rng))
                world.git("add", "-A")
                world.commit()

        world.agent_shell(what)
        self.judge("agent's own")

    @rule(number=SEEDS, then=st.booleans())
    def commit_a_part(self, number: int, then: bool) -> None:
        rng = random.Random(number)
        world = self.world
        for path in world.git("diff", "--name-only").split():
            world.stage_part(path, rng)
        if then:
            world.agent_edits(self.pick(rng), "mixed", rng)
        world.commit()
        self.judge("part")

    @rule(everything=st.booleans())
    def amend(self, everything: bool) -> None:
        if everything:
            self.world.git("add", "-A")
        old = self.world.head()
        self.world.commit("--amend")
        self.judge("amend")
        self.judge_far("amend", [old], [self.world.head()])

    @rule(number=SEEDS, between=st.booleans())
    @precondition(lambda self: self.world.dirty())
    def stash(self, number: int, between: bool) -> None:
        rng = random.Random(number)
        world = self.world
        world.git("stash", "push", "-q", "--include-untracked")
        if between:
            world.agent_edits(self.pick(rng), "insert", rng)
            world.git("add", "-A")
            world.commit()
            self.judge("commit")
        if rng.random() < 0.3:
            world.agent_shell(lambda _: world.git("stash", "pop", "-q", ok=False), bringing=True)
        else:
            world.git("stash", "pop", "-q", ok=False)
        if self.conflicts():
            self.resolve(rng, rng.choice(("both", "agent", "person")))
            world.git("stash", "drop", "-q", ok=False)
        world.git("add", "-A")
        world.commit()
        self.judge("stash")

    @rule(number=SEEDS, way=st.sampled_from(("person", "agent")), also=st.booleans())
    def rename(self, number: int, way: str, also: bool) -> None:
        rng = random.Random(number)
        world = self.world
        path = rng.choice(world.git("ls-files").split())
        if not (world.folder / path).exists():
            return
        new = f"{world.name()}.py"
        if way == "agent":
            world.agent_shell(lambda _: world.git("mv", path, new))
        else:
            world.git("mv", path, new)
        if also:
            world.agent_edits(new, "insert", rng)
        world.git("add", "-A")
        world.commit()
        self.judge("rename")

    @rule(number=SEEDS)
    def reset_and_commit_again(self, number: int) -> None:
        world = self.world
        world.git("add", "-A")
        world.commit()
        self.judge("commit")
        if len(world.git("rev-list", "--first-parent", "HEAD").split()) < 3:
            return
        world.git("reset", "-q", random.Random(number).choice(("--soft", "--mixed")), "HEAD~1")
        world.git("add", "-A")
        world.commit()
        self.judge("reset")

    @rule(number=SEEDS)
    def fixup(self, number: int) -> None:
        rng = random.Random(number)
        world = self.world
        base, _, olds = self.branch(rng)
        world.agent_edits(self.pick(rng), "insert", rng)
        world.git("add", "-A")
        world.commit(f"--fixup={olds[0]}")
        self.judge("commit")
        olds.append(world.head())
        world.git("rebase", "-q", "--autosquash", "-i", base, ok=False)
        self.go_on(rng, "both", "rebase")
        world.told()
        self.judge("fixup")
        self.judge_far("fixup", olds, self.since(base))
        world.git("checkout", "-q", "-B", "main")

    @rule(number=SEEDS, side=SIDE)
    def rebase(self, number: int, side: str) -> None:
        rng = random.Random(number)
        world = self.world
        _, branch, olds = self.branch(rng)
        upstream = self.diverge(rng, olds)
        world.git("checkout", "-q", branch)
        world.git("rebase", "-q", "main", ok=False)
        self.go_on(rng, side, "rebase")
        world.told()
        self.judge("rebase")
        self.judge_far("rebase", olds, self.since(upstream))
        world.git("checkout", "-q", "-B", "main")

    @rule(number=SEEDS, side=SIDE)
    def merge(self, number: int, side: str) -> None:
        rng = random.Random(number)
        world = self.world
        _, branch, olds = self.branch(rng)
        self.diverge(rng, olds)
        world.git("merge", "-q", "--no-edit", "--no-ff", branch, ok=False)
        self.resolve(rng, side)
        if (self.folder / ".git" / "MERGE_HEAD").exists():
            world.git("add", "-A")
            world.commit()
        world.told()
        self.judge("merge")

    @rule(number=SEEDS, side=SIDE, told=st.booleans())
    def cherry_pick(self, number: int, side: str, told: bool) -> None:
        rng = random.Random(number)
        world = self.world
        _, _, olds = self.branch(rng)
        onto = self.diverge(rng, olds)
        world.git("cherry-pick", *(["-x"] if told else []), olds[-1], ok=False)
        self.go_on(rng, side, "cherry-pick")
        world.told()
        world.history.rewritten(world.history.matched(olds, self.since(onto)), world.tree.states)
        self.judge("cherry-pick")
        self.judge_far("cherry-pick", olds, self.since(onto))

    @rule(number=SEEDS)
    def squash(self, number: int) -> None:
        rng = random.Random(number)
        world = self.world
        _, branch, olds = self.branch(rng)
        onto = self.diverge(rng, olds)
        # What a forge does: no hook runs, and where there is a conflict, nothing happens.
        world.git("merge", "-q", "--squash", branch, ok=False)
        if self.conflicts():
            world.git("reset", "-q", "--hard")
        else:
            world.git("commit", "-q", "--allow-empty", "-m", "squashed")
            world.unheard()
            world.history.rewritten(world.history.matched(olds, self.since(onto)))
        self.judge("squash")

    def branch(self, rng: random.Random) -> tuple[str, str, list[str]]:
        """Some commits on a branch of their own: what they rest on, its name, and they."""
        self.world.git("add", "-A")
        self.world.commit()
        self.judge("commit")
        base, branch = self.world.head(), self.world.name()
        self.world.git("checkout", "-q", "-b", branch)
        self.some_commits(rng, rng.randint(1, 3))
        return base, branch, self.since(base)

    def diverge(self, rng: random.Random, olds: list[str]) -> str:
        """Back to the main branch, with commits of its own, often to the same files; where it is then."""
        world = self.world
        touched = world.git("diff", "--name-only", f"{olds[0]}~1", olds[-1]).split()
        world.git("checkout", "-q", "main")
        if rng.random() < 0.8:
            self.some_commits(rng, rng.randint(1, 2), [path for path in touched if path in world.paths()])
        return world.head()

    def since(self, base: str) -> list[str]:
        return self.world.git("rev-list", "--reverse", f"{base}..HEAD").split()

    def conflicts(self) -> list[str]:
        return self.world.git("diff", "--name-only", "--diff-filter=U").split()

    def some_commits(self, rng: random.Random, count: int, paths: list[str] | None = None) -> None:
        for _ in range(count):
            for _ in range(rng.randint(1, 2)):
                path = rng.choice(paths) if paths and rng.random() < 0.7 else self.pick(rng)
                if rng.random() < 0.7:
                    self.world.agent_edits(path, rng.choice(KINDS), rng)
                else:
                    self.world.person_edits(path, rng.choice(KINDS), rng, watched=rng.random() < 0.5)
            self.world.git("add", "-A")
            self.world.commit()
            self.judge("commit")

    def resolve(self, rng: random.Random, side: str) -> None:
        """Conflicts are settled: by taking one side, both, or by an agent or a person writing something."""
        world = self.world
        for path in self.conflicts():
            lines = world.get(path)
            if not any(line.startswith("<<<<<<<") for line in lines):
                continue
            SCORE.counts["conflicts", side] += 1
            call = world.call(person=side == "person")
            if side in {"agent", "person"}:
                world.before(call, path)
            kept: list[str] = []
            part = ""
            for line in lines:
                if line.startswith("<<<<<<< "):
                    part = "ours"
                elif line == "=======" and part:
                    part = "theirs"
                elif line.startswith(">>>>>>> "):
                    part = ""
                    if side in {"agent", "person"}:
                        kept.append(world.truth.write(PERSON if side == "person" else call.id, rng))
                elif not part or side in {"both", "agent", "person", part}:
                    kept.append(line)
            world.put(path, kept)
            if side in {"agent", "person"}:
                world.seen.add(call.id)
                world.after(call, path)

    def go_on(self, rng: random.Random, side: str, what: str) -> None:
        """An operation that stopped at conflicts goes on until it is done."""
        state = {"rebase": "rebase-merge", "cherry-pick": "CHERRY_PICK_HEAD"}[what]
        for _ in range(20):
            if not (self.folder / ".git" / state).exists():
                return
            self.resolve(rng, side)
            self.world.git("add", "-A")
            if self.world.dirty():
                self.world.git(what, "--continue", ok=False)
            else:
                self.world.git(what, "--skip", ok=False)
        raise AssertionError(f"{what} does not end")


@pytest.mark.campaign
def test_what_is_said_of_lines_is_so_whatever_git_did(pytestconfig: pytest.Config) -> None:
    number = int(pytestconfig.getoption("--fuzz-seed") or 20261127)
    SCORE.counts.clear()

    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if EXAMPLES > SAMPLE else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(Work), settings=how)
    told = ", ".join(
        f"{count} by {side}" for (what, side), count in sorted(SCORE.counts.items()) if what == "conflicts"
    )
    print(f"\nseed {number}\n{SCORE.table()}\nconflicts settled: {told}")
    direct = {"commit", "agent's own", "part", "reformat", "merge"}
    observed, right = (SCORE.sum(f"{what} {Grade.OBSERVED}") for what in ("said", "right"))
    assert observed == right > 0
    found, known = (SCORE.sum(what, lambda name: name in direct) for what in ("found", "known"))
    assert found >= 0.95 * known > 0
    carried, right = (SCORE.sum(f"{what} {Grade.CARRIED}") for what in ("said", "right"))
    assert right >= 0.999 * carried > 0
    found, known = (SCORE.sum(what, lambda name: name not in direct) for what in ("found", "known"))
    assert found >= 0.8 * known > 0
