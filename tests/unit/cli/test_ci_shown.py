"""What CI shows, and what it calls: nothing that whoever pushed has named becomes a command, markup, or a script."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from support.sarif import faults
from vestige.cli.annotations import commands, plain, quiet, summary
from vestige.cli.gate_page import verdict_lines
from vestige.cli.options import UNSAFE
from vestige.cli.sarif import sarif

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
WORDS = st.text(st.sampled_from("a%:,\r\n#[]|`<é\u2028*_@x ") | st.characters(exclude_categories=["Cs"]), max_size=30)


def heard(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner reads it: to the first ``::`` behind its properties, each up to a comma."""
    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    level, _, rest = head.partition(" ")
    given = dict(one.split("=", 1) for one in rest.split(",") if one)
    undone = given
    for mark, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        undone = {name: value.replace(mark, letter) for name, value in undone.items()}
        data = data.replace(mark, letter) if letter not in ":," else data
    return level, undone, data


def result(**more: Any) -> dict[str, Any]:
    return {"policy": "one", "type": "expr", "result": "fail", "action": "block", "commit": "c" * 40, "detail": "why",
            "severity": "high", "evidence": []} | more  # fmt: skip


@given(WORDS, WORDS, WORDS)
def test_a_command_is_one_line_and_read_back_it_is_what_was_said(path: str, detail: str, name: str) -> None:
    one = result(policy=name, detail=detail, evidence=[{"path": path or "x", "start": 3, "end": 4}])
    (line,) = commands([one], [])
    assert not {"\n", "\r"} & set(line)
    assert "##[" not in line
    level, properties, data = heard(line)
    assert (level, properties["line"], properties["endLine"]) == ("error", "3", "4")
    assert properties["file"] == plain(path or "x")
    assert properties["title"] == plain(f"{name} (expr, fail)")
    assert data == plain(f"commit {'c' * 12}: {detail}")


@given(WORDS, WORDS)
def test_no_line_of_a_result_is_a_command_of_the_runner(path: str, name: str) -> None:
    one = result(policy=name, detail=path, evidence=[{"path": path, "start": 1, "end": 1}, {"session": path}])
    for line in map(quiet, verdict_lines([one])):
        assert line == line.translate(UNSAFE)  # one line each
        assert not line.strip().startswith("::")
        assert "##[" not in line


def test_a_path_that_begins_like_a_command_is_shown_and_is_none() -> None:
    path = "::add-mask::block"
    _, line = verdict_lines([result(evidence=[{"path": path, "start": 1, "end": 1, "session": "s"}])])
    assert line == f"    - {path}:1  session s"
    assert quiet("blocked: one") == "blocked: one"
    for begin in ("", "  ", "\u3000", "\u2028", "\x85"):
        assert not quiet(f"{begin}{path}").strip().startswith("::")
        assert path in quiet(f"{begin}{path}")


def test_what_passed_has_no_command_and_the_rest_by_what_they_do() -> None:
    shown = [result(result="pass"), result(result="waived"), result(action="warn"), result(action="pass", commit="")]
    assert [heard(line)[0] for line in commands(shown, [])] == ["warning", "notice"]
    many = commands([result()] * 300, [])
    assert (len(many), heard(many[-1])[0]) == (201, "warning")


def answer(**more: Any) -> dict[str, Any]:
    judged = {"oid": "c" * 40, "subject": "s", "seal": "", "sessions": [], "paths": ["ä b/%.py"],
              "lines": {"ai": 1, "mixed": 0, "human": 0, "unknown": 2}}  # fmt: skip
    rule = {"name": "one", "type": "expr", "severity": "high", "action": "block", "description": "", "entry": "E",
            "sha256": "f", "revision": 1}  # fmt: skip
    return {"results": [result()], "judged": [judged], "rules": [rule], "repository": "host/own/one", "decision": "D1",
            "digests": {"facts": "ab"}, "coverage": {"commits": 1, "sealed": 0, "with_session": 0}} | more  # fmt: skip


@given(WORDS, WORDS, WORDS)
def test_a_summary_holds_no_markup_but_its_own(subject: str, detail: str, name: str) -> None:
    found = answer(results=[result(policy=name, detail=detail)], repository=name)
    found["judged"][0]["subject"] = subject
    plainly = summary("blocked", answer(results=[result(policy="one", detail="why")], repository="one"))
    text = summary("blocked", found)
    assert text.count("\n") == plainly.count("\n")
    for letter in "|`<>[]*_@!~\\{}":
        assert text.count(letter) == plainly.count(letter), letter


@given(WORDS, WORDS)
def test_sarif_is_as_the_standard_has_it(path: str, name: str) -> None:
    shown = [
        result(policy=name, evidence=[{"path": path or "x", "start": 1, "end": 2}, {"path": "y", "start": "z"}]),
        result(result="waived"), result(result="indeterminate", action="warn"), result(commit=""),
        result(result="pass"),
    ]  # fmt: skip
    log = sarif(answer(results=shown), 1)
    assert faults(log) == []
    results = log["runs"][0]["results"]
    assert [one["level"] for one in results] == ["error", "error", "warning", "error"]
    assert ["suppressions" in one for one in results] == [False, True, False, False]
    where = results[2]["locations"][0]["physicalLocation"]
    assert where == {"artifactLocation": {"uri": "%C3%A4%20b/%25.py", "uriBaseId": "%SRCROOT%"}}


WRONG: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda log: log.pop("version"), lambda log: log.update(more=1),
    lambda log: log["runs"][0]["results"][0].pop("message"),
    lambda log: log["runs"][0]["results"][0].update(level="bad"),
    lambda log: log["runs"][0]["results"][0].update(ruleIndex=7),
    lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].pop("uri"),
)  # fmt: skip


def test_the_check_of_sarif_finds_what_is_wrong() -> None:
    for change in WRONG:
        log = sarif(answer(), 1)
        assert faults(log) == []
        change(log)
        assert faults(log) != []


# -- what CI calls ------------------------------------------------------------------------------------------------


def scripts(found: Any) -> list[str]:
    """Every ``run:`` of an action or a workflow."""
    if isinstance(found, dict):
        return [str(found[name]) for name in found if name == "run"] + [
            line for one in found.values() for line in scripts(one)
        ]
    return [line for one in found for line in scripts(one)] if isinstance(found, list) else []


def injected(text: str) -> list[str]:
    """The scripts of an action that hold an expression, which the runner writes into them before a shell reads them."""
    return [line for line in scripts(yaml.safe_load(text)) if "${{" in line]


def test_no_expression_stands_in_a_script_of_the_action() -> None:
    text = (ROOT / "action/action.yml").read_text()
    assert len(scripts(yaml.safe_load(text))) == 2
    assert injected(text) == []
    bad = text.replace('run: sh "$GITHUB_ACTION_PATH/../ci/github.sh"', "run: sh x ${{ inputs.range }}")
    assert len(injected(bad)) == 1


def test_every_input_of_the_action_reaches_its_script_by_the_environment_and_is_used() -> None:
    action = yaml.safe_load((ROOT / "action/action.yml").read_text())
    step = action["runs"]["steps"][1]
    used = set(re.findall(r"inputs\.([\w-]+)", " ".join([*step["env"].values(), step["working-directory"]])))
    assert used == set(action["inputs"])
    script = (ROOT / "ci/github.sh").read_text()
    assert [name for name in step["env"] if name.startswith("GATE_") and name not in script] == []
    for one in action["runs"]["steps"]:
        assert "uses" not in one  # no other action, pinned or not
        assert one["shell"] == "bash"


def test_the_template_for_gitlab_pins_what_it_runs() -> None:
    job = yaml.safe_load((ROOT / "ci/gitlab/vestige.yml").read_text())[".vestige"]
    assert job["variables"]["GIT_DEPTH"] == "0"
    assert any('rev-parse HEAD)" = "$GATE_COMMIT"' in line for line in job["before_script"])
    assert job["script"] == ["sh /tmp/vestige/ci/gitlab.sh"]


@pytest.mark.parametrize("name", ["install.sh", "github.sh", "gitlab.sh"])
def test_shells_read_the_scripts_and_python_looks_for_nothing_in_the_checkout(name: str) -> None:
    path = ROOT / "ci" / name
    subprocess.run(["sh", "-n", str(path)], check=True)
    lines = path.read_text().splitlines()
    calls = [line for line in lines if re.search(r" -[mc] ", line) and re.search(r"PYTHON|/bin/python", line)]
    assert calls
    assert [line for line in calls if not re.search(r'" -I ', line)] == []


def test_what_ci_installs_is_what_the_lock_has_with_its_digests() -> None:
    spec = importlib.util.spec_from_file_location("client_lock", ROOT / "tools/client_lock.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert (ROOT / "ci/requirements.lock").read_text() == tool.lock(), (
        "python tools/client_lock.py > ci/requirements.lock"
    )
    assert "--require-hashes" in (ROOT / "ci/install.sh").read_text()
    assert "--no-deps" in (ROOT / "ci/install.sh").read_text()


def test_the_command_needs_no_other_package_than_ci_installs(tmp_path: Path) -> None:
    """Run where every other package of this environment is refused."""
    spec = (ROOT / "ci/requirements.lock").read_text()
    allowed = {name.replace("-", "_") for name in re.findall(r"^([a-z0-9-]+)==", spec, re.MULTILINE)}
    script = f"""
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in {allowed | {"vestige"}!r} and top not in sys.stdlib_module_names and top[0] != "_":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
from vestige.cli import main
raise SystemExit(main(["verify", "--commits", "{"1" * 40}", "--server", "http://127.0.0.1:1", "--token", "x",
                       "--sarif", "x.sarif", "--summary", "x.md", "--annotations"]))
"""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot be reached" in done.stderr
