"""Expressions: what they see, and what bounds them."""

from __future__ import annotations

import time

import pytest

from support.policies import calls, commit, facts, file, policy, says, session
from vestige.model.errors import UsageError
from vestige.policy.conditions.expression import LONGEST, depth_of

KNOWN = facts(
    commit(file("src/auth/a.py", ai=2, unknown=1), trailers=[["Signed-off-by", "A"]], signature="ssh",
           told=[{"kind": "ci.run", "outcome": "success", "source": "github"},
                 {"kind": "scan.completed", "outcome": "success", "source": "agent:host/team/shop"}]),
    sessions=(session(calls=calls(Lint=2), tokens={"input": 7}, cost_usd="0.25", models=["m"]), session("s2")),
    gate="pre-push", updates=[{"ref": "refs/heads/main", "old": "1" * 40, "new": "2" * 40, "forced": True}],
)  # fmt: skip


@pytest.mark.parametrize(
    "cel",
    [
        "commit.lines.ai == 2 && commit.lines.unknown == 1 && commit.lines.human == 0",
        'paths == ["src/auth/a.py"] && commit.paths == paths',
        'commit.told.exists(t, t.kind == "ci.run" && t.outcome == "success" && t.source == "github")',
        'commit.told.size() == 1 && !commit.told.exists(t, t.kind == "scan.completed")',
        'commit.trailers.exists(t, t.name == "Signed-off-by") && commit.signature == "ssh"',
        "sessions.size() == 1 && sessions[0].cost_usd == 0.25 && sessions[0].taken == 7",
        'sessions.all(s, s.models == ["m"] && s.grade == "client-reported")',
        'sessions.exists(s, s.calls.exists(c, c.tool == "Lint" && c.count == 2))',
        'push.gate == "pre-push" && push.updates.exists(u, u.forced) && push.repository == "host/team/shop"',
        'commit.by_agents && commit.author == "ann@example.org"',
    ],
)
def test_what_an_expression_sees(cel: str) -> None:
    assert says("expr", KNOWN, cel=cel) == ["pass"]
    assert says("expr", KNOWN, cel=f"!({cel})") == ["fail"]


@pytest.mark.parametrize("cel", ["unknown_name", "commit.nothing == 1", "paths[5] == ''", "1 / commit.lines.human > 0",
                                 "commit.lines.ai > 'x'", "now() > 1", "paths", "commit.lines.ai + 1"])  # fmt: skip
def test_whatever_is_not_there_is_nobodys_knowledge(cel: str) -> None:
    assert says("expr", KNOWN, cel=cel) == ["indeterminate"]


@pytest.mark.parametrize(
    "cel", ["1 +", "", "(" * 300, "x" * (LONGEST + 1), "a.all(x, " * 5 + "true" + ")" * 5, "!" * 100]
)
def test_what_is_no_expression_or_too_much_is_refused(cel: str) -> None:
    with pytest.raises(UsageError):
        policy("expr", cel=cel)


@pytest.mark.parametrize(
    ("cel", "depth"),
    [("true", 0), ("p.all(x, true)", 1), ("p.all(x, true) && p.exists(y, (y))", 1),
     ("p.all(x, q.map(y, y).all(z, z))", 2),
     ("p.all(x, x == '.all(' )", 1), ("p.all(x, r'\\' == x) && p.all(y, true)", 2)],
)  # fmt: skip
def test_how_deep_comprehensions_stand(cel: str, depth: int) -> None:
    assert depth_of(cel) == depth


def test_of_no_session_nothing_can_be_said() -> None:
    nobody = facts(commit(file(unknown=1), sessions=()))
    assert says("expr", nobody, cel="sessions.all(s, s.models.size() == 1)") == ["indeterminate"]
    assert says("expr", nobody, cel="commit.lines.ai == 0") == ["pass"]
    assert says("expr", facts(commit(sessions=())), cel="sessions.all(s, false)") == ["pass"]


def test_what_would_take_too_long_is_not_begun() -> None:
    many = facts(commit(*(file(f"a{n}", ai=1) for n in range(1500))), sessions=(session(),))
    assert says("expr", many, cel="paths.all(p, p.startsWith('a'))") == ["pass"]
    begun = time.process_time()
    assert says("expr", many, cel="paths.all(p, paths.all(q, paths.all(r, p + q + r != '')))") == ["indeterminate"]
    assert time.process_time() - begun < 5
