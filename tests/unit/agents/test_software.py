"""Which programs a command line runs, and whose tool or skill it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.agents import programs_in, server_of, skill_group


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("sudo docker compose up", ["docker"]),
        ("cd /tmp && npm i", ["npm"]),
        ("find .|xargs grep x|sort", ["find", "xargs", "sort"]),
        ("env A=1 node s.js", ["node"]),
        ('echo "a | b"', []),
        ("sudo -u bob psql -c 'a; b'", ["psql"]),
        ("timeout 5 /usr/bin/python3 x.py >out 2>&1", ["python3"]),
        ("if make; then ./run.sh; else exit 1; fi", ["make", "run.sh"]),
        ("for f in a b; do jq . $f; done", ["jq"]),
        ("cat > f <<'EOF'\nrm -rf /\ngit push\nEOF\nls", ["cat", "ls"]),
        ("git commit -m \"$(cat <<'EOF'\nx; y\nEOF\n)\" | tail -3", ["git", "tail"]),
        ("command -v node || brew install node", ["brew"]),
        ("(cd x && yarn) & wait", ["yarn"]),
        ("a \\\n b; c # d; e", ["a", "c"]),
        ("FOO=1 time cargo test && cargo run", ["cargo"]),
        ('$EDITOR x; "$BIN" y', []),
        ("sort <in.txt >out.txt; 'my prog' x", ["sort"]),
        ("", []),
    ],
)  # fmt: skip
def test_programs(command: str, programs: list[str]) -> None:
    assert list(programs_in(command)) == programs


def test_mcp_servers_and_collections_of_skills() -> None:
    assert server_of("mcp__postgres__query") == "postgres"
    assert [server_of(name) for name in ("Bash", "mcp__", "mcp__x", "my__own__tool")] == ["", "", "", ""]
    assert skill_group("superpowers:brainstorm") == "superpowers"
    assert [skill_group(name) for name in ("pdf", ":x", "x:")] == ["", "", ""]


@given(st.text(alphabet=st.sampled_from("ab <>|&;()'\"\\\n$#-=/{}1"), max_size=60))
def test_any_text_is_answered(command: str) -> None:
    for name in programs_in(command):
        assert name
        assert not set(name) & set(" |&;<>()'\"\n")
