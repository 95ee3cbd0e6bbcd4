"""The gate: a real push, judged by a real server, blocked and let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.gate import Team, team

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team(tmp_path_factory.mktemp("gate")) as one:
        yield one


def test_a_push_is_judged_by_what_the_server_knows(made: Team) -> None:
    made.policies({"name": "lint-first", "type": "required_tool_call", "tool_names": ["Lint"]})
    commit, session = made.agent("pay.py", "total = 1\n")
    before = made.there()
    done = made.push()
    print(done.stdout, done.stderr)
    assert done.returncode == 1
    assert "lint-first" in done.stderr + done.stdout
    assert made.there() == before
    made.session(session, {"Lint": "success"})
    done = made.push()
    assert done.returncode == 0, done.stderr + done.stdout
    assert made.there() == commit
