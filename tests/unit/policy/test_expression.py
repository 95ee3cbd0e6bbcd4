"""Expressions: what they see, and what bounds them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.policies import calls, commit, facts, file, policy, says, session
from vestige.model.errors import UsageError
from vestige.policy.conditions.expression import LONGEST, depth_of

KNOWN = facts(
    commit(file("src/auth/a.py", ai=2, unknown=1), trailers=[["Signed-off-by", "A"]], signature="ssh",
           told=[{"kind": "ci.run", "outcome": "success", "source": "github"}]),
    sessions=(session(calls=calls(Lint=2), tokens={"input": 7}, cost_usd="0.25", models=["m"]), session("s2")),
    gate="pre-push", updates=[{"ref": "refs/heads/main", "old": "1" * 40, "new": "2" * 40, "forced": True}],
)  # fmt: skip


@pytest.mark.parametrize(
    "cel",
    [
        "commit.lines.ai == 2 && commit.lines.unknown == 1 && commit.lines.human == 0",
        'paths == ["src/auth/a.py"] && commit.paths == paths',
        'commit.told.exists(t, t.kind == "ci.run" && t.outcome == "success" && t.source == "github")',
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


@pytest.mark.parametrize(
    "cel",
    ["commit.lines.ai == 0", "!commit.by_agents", "commit.files.all(f, f.spans.size() == 0)", "commit.told.size() == 0",
     "sessions.size() == 0", "commit.sessions.size() == 0", "commit.files.all(f, !('ai' in f.lines))"],
)  # fmt: skip
def test_where_git_alone_was_asked_what_it_does_not_know_is_not_there(cel: str) -> None:
    known = facts(commit(file(unknown=1), sessions=()), git_only=True)
    assert says("expr", known, cel=cel) == ["indeterminate"]
    assert says("expr", known, cel=f"paths == ['src/a.py'] || ({cel})") == ["pass"]
    assert says("expr", known, cel=f"commit.author == 'ann@example.org' && ({cel})") == ["indeterminate"]


def test_of_a_file_that_is_too_long_to_be_read_there_are_no_lines() -> None:
    long = file("b.txt", unread="more than 4194304 bytes", too_long=True)
    known = facts(commit(file(ai=1), long), sessions=(session(),))
    for cel in (
        "commit.lines.ai < 5",
        "commit.files.all(f, f.lines.size() < 2)",
        "!commit.files.all(f, f.spans != [])",
    ):
        assert says("expr", known, cel=cel) == ["indeterminate"]
    assert says("expr", known, cel="commit.files.exists(f, f.unread == '')") == ["pass"]
    no_text = facts(commit(file(ai=1), file("b.png", unread="not text")), sessions=(session(),))
    assert says("expr", no_text, cel="commit.lines.ai == 1") == ["pass"]


def test_what_was_not_read_of_sessions_lets_nothing_pass() -> None:
    made = commit(file(ai=1), sessions=("s1", "s2"))
    cel = "sessions.all(s, s.models == ['m'])"
    for second, result in ((session("s2", models=["m"]), "pass"), (session("s2", sealed=False), "indeterminate"),
                           (session("s2", models=["m"], holes={"cut": 1}), "indeterminate")):  # fmt: skip
        known = facts(made, sessions=(session(models=["m"]), second))
        assert says("expr", known, cel=cel) == [result]
        assert says("expr", known, cel="commit.lines.ai == 1") == ["pass"]


def test_what_was_not_read_of_a_message_or_of_spans_is_not_there() -> None:
    part = file(ai=1) | {"spans_cut": True}
    cut = facts(commit(part, message_cut=True, trailers=[["Signed-off-by", "A"]]), sessions=(session(),))
    whole = facts(commit(file(ai=1), trailers=[["Signed-off-by", "A"]]), sessions=(session(),))
    for cel in ("!commit.trailers.exists(t, t.name == 'Skip-Checks')",
                "commit.files.all(f, f.spans.all(s, s.kind == 'ai'))"):  # fmt: skip
        assert says("expr", whole, cel=cel) == ["pass"]
        assert says("expr", cut, cel=cel) == ["indeterminate"]
    assert says("expr", cut, cel="commit.lines.ai == 1 && commit.by_agents") == ["pass"]
    nobody = facts(commit(file(unknown=1), sessions=(), message_cut=True))
    assert says("expr", nobody, cel="!commit.by_agents") == ["indeterminate"]


def test_what_would_take_too_long_is_not_begun() -> None:
    many = facts(commit(*(file(f"a{n}", ai=1) for n in range(1500))), sessions=(session(),))
    assert says("expr", many, cel="paths.all(p, p.startsWith('a'))") == ["pass"]
    begun = time.process_time()
    assert says("expr", many, cel="paths.all(p, paths.all(q, paths.all(r, p + q + r != '')))") == ["indeterminate"]
    assert time.process_time() - begun < 5


UPDATES = [{"ref": f"refs/heads/{n}", "new": "2" * 40} for n in range(100)]
LISTS: dict[str, dict[str, Any]] = {
    "push.updates": {"updates": UPDATES},
    "commit.parents": {"commit": {"parents": ["1" * 40] * 100}},
    "commit.sessions": {"commit": {"sessions": [f"s{n}" for n in range(100)]}},
    "sessions[0].models": {"session": {"models": [f"m{n}" for n in range(100)]}},
    "sessions[0].modes": {"session": {"modes": [{"mode": f"m{n}", "event": "e"} for n in range(100)]}},
    "sessions[0].secrets": {"session": {"secrets": [{"rule": f"r{n}", "count": 1, "event": "e"} for n in range(100)]}},
    f"[{', '.join(map(str, range(100)))}]": {},
    f"({' + '.join(['[1, 2, 3, 4]'] * 25)})": {},
}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_counts_in_what_four_loops_would_cost(name: str) -> None:
    about = LISTS[name]
    one = commit(file(ai=1)) | about.get("commit", {})
    known = facts(one, sessions=(session(**about.get("session", {})),), updates=about.get("updates", []))
    begun = time.process_time()
    deep = f"{name}.all(a, {name}.all(b, {name}.all(c, {name}.all(d, a == a))))"
    assert says("expr", known, cel=deep) == ["indeterminate"]
    assert time.process_time() - begun < 5
    assert says("expr", known, cel=f"{name}.all(a, a == a)") == ["pass"]
