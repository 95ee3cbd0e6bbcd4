"""Settings of agents are merged, never replaced, and come back to the byte."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from vestige.capture.settings import AGENTS, CLAUDE, MARK, Agent, install, managed, uninstall
from vestige.model.errors import InputError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

FOREIGN = {"matcher": "Edit", "hooks": [{"type": "command", "command": "make lint"}]}
THEIRS = [
    b"{}",
    b"{}\n",
    b"{ }",
    b"{\n\n}\n",
    b"",
    b"  \n",
    b'{"model":"opus"}',
    b'{"hooks":{}}',
    b'{"hooks" : { }, "env":{"A":"\\u00e9\xc3\xa9"}}\r\n',
    b'{\r\n\t"hooks": {\r\n\t\t"Stop": []\r\n\t}\r\n}\r\n',
    json.dumps({"permissions": {"allow": ["ls"]}, "hooks": {"PreToolUse": [FOREIGN], "Stop": [FOREIGN]}}).encode(),
    json.dumps({"hooks": {"PreToolUse": [FOREIGN, FOREIGN]}, "z": [1, {}]}, indent=4).encode(),
]  # fmt: skip


@pytest.mark.parametrize("agent", AGENTS, ids=lambda one: one.name)
@pytest.mark.parametrize("text", THEIRS, ids=range(len(THEIRS)))
def test_settings_come_back_to_the_byte(tmp_path: Path, agent: Agent, text: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text)
    path.chmod(0o640)
    before = json.loads(text) if text.strip() else {}
    memory: dict[str, Any] = {}
    assert install(path, agent, memory)
    merged = json.loads(path.read_text())
    assert {name: value for name, value in merged.items() if name != "hooks"} == {
        name: value for name, value in before.items() if name != "hooks"
    }
    for event, groups in before.get("hooks", {}).items():
        assert merged["hooks"][event][: len(groups)] == groups
    for event in (*agent.tools, *agent.others):
        assert merged["hooks"][event][-1] == agent.group(event)
    once = path.read_bytes()
    assert not install(path, agent, memory)
    assert path.read_bytes() == once
    assert path.stat().st_mode & 0o777 == 0o640
    assert uninstall(path, memory)
    assert path.read_bytes() == text
    assert not uninstall(path, memory)


def test_what_was_not_there_is_not_there_afterwards(tmp_path: Path) -> None:
    path = tmp_path / ".claude" / "settings.json"
    memory: dict[str, Any] = {}
    install(path, CLAUDE, memory)
    assert path.exists()
    uninstall(path, memory)
    assert not path.parent.exists()


@pytest.mark.parametrize("memory", [True, False])
def test_what_others_wrote_meanwhile_stays(tmp_path: Path, *, memory: bool) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{\n  "model": "opus"\n}\n')
    remembered: dict[str, Any] = {}
    install(path, CLAUDE, remembered)
    merged = json.loads(path.read_text())
    merged["hooks"]["PreToolUse"][0]["hooks"].append(FOREIGN["hooks"][0])
    merged["hooks"]["Notification"] = [FOREIGN]
    path.write_text(json.dumps(merged))
    assert uninstall(path, remembered if memory else {})
    hooks = {"PreToolUse": [{"matcher": "*", "hooks": FOREIGN["hooks"]}], "Notification": [FOREIGN]}
    assert json.loads(path.read_text()) == {"model": "opus", "hooks": hooks}


def test_hooks_of_an_earlier_version_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    memory: dict[str, Any] = {}
    path.write_text('{"a": 1}')
    install(path, CLAUDE, memory)
    path.write_text(path.read_text().replace("exit 0 #", "exit 0; #"))
    assert install(path, CLAUDE, memory)
    assert json.loads(path.read_text()) == {"a": 1, "hooks": CLAUDE.hooks()}
    uninstall(path, memory)
    assert json.loads(path.read_text()) == {"a": 1}


@pytest.mark.parametrize(
    "text", [b"{", b"[]", b'{"hooks": 1}', b'{"hooks":{"Stop":{}}}', b"// x\n{}", b'{"a":1,"a":2}']
)
def test_what_is_no_settings_is_refused_and_stays(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text)
    with pytest.raises(InputError):
        install(path, CLAUDE, {})
    assert path.read_bytes() == text


def test_what_is_not_utf_8_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b'{"a":"\xff"}')
    with pytest.raises(StorageError):
        install(path, CLAUDE, {})
    assert path.read_bytes() == b'{"a":"\xff"}'


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    path = tmp_path / "settings.json"
    path.symlink_to("real.json")
    install(path, CLAUDE, {})
    assert path.is_symlink()
    assert MARK in (tmp_path / "real.json").read_text()


@pytest.mark.parametrize("agent", AGENTS, ids=lambda one: one.name)
@pytest.mark.parametrize("size", [0, 10, 1 << 20])
def test_where_capture_is_not_installed_the_command_reads_all_says_nothing_and_ends_well(
    tmp_path: Path, agent: Agent, size: int
) -> None:
    command = ["/bin/sh", "-c", agent.command]
    for env in ({"HOME": str(tmp_path)}, {}):
        done = subprocess.run(command, input=b"x" * size, env=env, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_no_settings_hold_anything_of_this_machine_or_of_a_secret(tmp_path: Path) -> None:
    for agent in AGENTS:
        install(tmp_path / agent.name, agent, {})
        assert str(tmp_path) not in (tmp_path / agent.name).read_text()
        assert "vst_" not in (tmp_path / agent.name).read_text()
    assert json.loads(managed()) == {"hooks": CLAUDE.hooks()}


def test_no_hook_makes_the_working_tree_in_the_agents_place() -> None:
    assert "WorktreeCreate" not in CLAUDE.hooks()
