"""The build of the interface: when it is made, how it takes its place, and what it says where it cannot be made.

``node`` and ``npm`` are stood in for by small scripts: what is tested is what is asked of them, and when.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
NPM = """#!/bin/sh
echo "$*" >> "$CALLS"
case $1 in
  ci) rm -rf node_modules; mkdir node_modules; exit ${CI_EXIT:-0};;
  run)
    mkdir -p "$VESTIGE_UI_OUT/assets"
    echo half > "$VESTIGE_UI_OUT/assets/half.js"
    [ -z "${BUILD_EXIT:-}" ] || { echo "src/app.tsx(1,2): error"; exit "$BUILD_EXIT"; }
    cat src/app.tsx > "$VESTIGE_UI_OUT/assets/app-$(cksum < src/app.tsx | cut -d' ' -f1).js"
    rm "$VESTIGE_UI_OUT/assets/half.js"
    [ -n "${NO_PAGE:-}" ] || cat src/app.tsx > "$VESTIGE_UI_OUT/index.html";;
esac
"""


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hook: Any = _loaded()


class Checkout:
    """A checkout with sources of an interface, and the programs on its path."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.ui, self.bin = root, root / "ui", root / "bin"
        self.static = root / "src" / "vestige" / "web" / "static"
        self._calls = root / "calls"
        for folder in (self.ui / "src", self.bin):
            folder.mkdir(parents=True)
        (self.ui / "package.json").write_text("{}")
        (self.ui / "package-lock.json").write_text("{}")
        self.write("one")
        self.program("npm", NPM)
        self.node("v20.19.0")
        monkeypatch.setenv("PATH", f"{self.bin}:/usr/bin:/bin")
        monkeypatch.setenv("CALLS", str(self._calls))
        monkeypatch.delenv("VESTIGE_SKIP_UI", raising=False)

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def node(self, version: str) -> None:
        self.program("node", f"#!/bin/sh\necho {version}\n")

    def write(self, text: str) -> None:
        (self.ui / "src" / "app.tsx").write_text(text)

    def build(self, **options: bool) -> str:
        return str(hook.bring_up_to_date(self.root, **options))

    def calls(self) -> list[str]:
        """What was asked of npm since the last look."""
        said = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return said

    def served(self) -> dict[str, str]:
        return {
            path.relative_to(self.static).as_posix(): path.read_text()
            for path in sorted(self.static.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_it_is_built_once_and_again_when_the_sources_change(checkout: Checkout) -> None:
    assert checkout.build() == "built"
    assert checkout.calls() == ["ci --omit=dev --no-audit --no-fund --ignore-scripts", "run build"]
    first = checkout.served()
    assert first["index.html"] == "one"
    assert first[".built-from"] == hook.sources_digest(checkout.ui)
    assert checkout.build() == "same"
    assert checkout.calls() == []
    checkout.write("two")
    assert checkout.build() == "built"
    # The packages fit still, and nothing of the build before is left.
    assert checkout.calls() == ["run build"]
    second = checkout.served()
    assert second["index.html"] == "two"
    assert not (set(first) & set(second)) - {"index.html", ".built-from"}
    assert not list(checkout.ui.glob(".building-*"))


def test_other_packages_are_fetched_and_those_to_work_on_it_only_where_asked_for(checkout: Checkout) -> None:
    checkout.build()
    checkout.calls()
    assert checkout.build(dev=True) == "same"
    assert checkout.calls() == ["ci --include=dev --no-audit --no-fund --ignore-scripts"]
    assert [checkout.build(dev=True), checkout.build()] == ["same", "same"]
    (checkout.ui / "package-lock.json").write_text('{"a": 1}')
    assert checkout.build() == "built"
    assert [call.split()[0] for call in checkout.calls()] == ["ci", "run"]


def test_what_a_build_is_not_made_from_changes_nothing(checkout: Checkout) -> None:
    before = hook.sources_digest(checkout.ui)
    for name in ("node_modules/a/b.js", "dist/x.js", ".vite/y", ".env.local", "src/.swap", "openapi.json"):
        (checkout.ui / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout.ui / name).write_text("x")
    assert hook.sources_digest(checkout.ui) == before
    (checkout.ui / "src" / "b.tsx").write_text("one")
    added = hook.sources_digest(checkout.ui)
    (checkout.ui / "src" / "b.tsx").rename(checkout.ui / "src" / "c.tsx")
    assert len({before, added, hook.sources_digest(checkout.ui)}) == 3


def test_names_and_contents_are_told_apart(tmp_path: Path) -> None:
    made = []
    for number, files in enumerate(({"a": "b\n1\nc"}, {"a": "b", "b": "c"}, {"ab": ""}, {"a": "b"})):
        ui = tmp_path / str(number)
        ui.mkdir()
        for name, text in files.items():
            (ui / name).write_text(text)
        made.append(hook.sources_digest(ui))
    assert len(set(made)) == len(made)


def test_where_there_are_no_sources_nothing_is_done(tmp_path: Path) -> None:
    assert hook.bring_up_to_date(tmp_path) == "none"
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_left_as_it_is(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VESTIGE_SKIP_UI", "1")
    assert checkout.build() == "skipped"
    assert "VESTIGE_SKIP_UI=1" in capfd.readouterr().err
    assert not checkout.static.exists()
    monkeypatch.setenv("VESTIGE_SKIP_UI", "0")
    assert checkout.build() == "built"


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        *(("v20.19.0", True), ("v20.20.2", True), ("v22.12.0", True), ("v24.1.0", True)),
        *(("v20.18.3", False), ("v18.20.4", False), ("v21.7.0", False), ("v22.11.0", False), ("", False), ("x", False)),
    ],
)
def test_a_node_that_is_too_old_is_said_and_gone_on_without(
    checkout: Checkout, capfd: pytest.CaptureFixture[str], version: str, fits: bool
) -> None:
    checkout.node(version)
    assert checkout.build() == ("built" if fits else "left")
    said = capfd.readouterr().err
    assert ("20.19 or newer" in said, "works without it" in said) == (not fits, not fits)
    assert bool(checkout.calls()) is fits
    assert checkout.static.exists() is fits


@pytest.mark.parametrize("program", ["npm", "node"])
def test_without_node_what_was_built_before_stays(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], program: str
) -> None:
    checkout.build()
    served = checkout.served()
    checkout.write("two")
    (checkout.bin / program).unlink()
    monkeypatch.setenv("PATH", str(checkout.bin))
    assert checkout.build() == "left"
    said = capfd.readouterr().err
    assert "as it was built before" in said
    assert "nodejs npm" in said
    assert checkout.served() == served


@pytest.mark.parametrize("how", [{"CI_EXIT": "1"}, {"BUILD_EXIT": "2"}, {"NO_PAGE": "1"}])
def test_a_build_that_fails_is_an_error_and_changes_nothing(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, how: dict[str, str]
) -> None:
    checkout.build()
    served = checkout.served()
    checkout.write("two")
    (checkout.ui / "package-lock.json").write_text('{"a": 1}')
    with monkeypatch.context() as failing:
        for name, value in how.items():
            failing.setenv(name, value)
        with pytest.raises(hook.BuildError) as told:
            checkout.build()
    assert ("VESTIGE_SKIP_UI=1" in str(told.value)) is ("NO_PAGE" not in how)
    assert ("src/app.tsx(1,2): error" in str(told.value)) is ("BUILD_EXIT" in how)
    assert checkout.served() == served
    assert not list(checkout.ui.glob(".building-*"))
    assert checkout.build() == "built"


def test_what_was_cut_short_is_done_again(checkout: Checkout) -> None:
    checkout.build()
    served = checkout.served()
    (checkout.static / ".built-from").unlink()
    (checkout.static / "assets" / "left.js").write_text("x")
    (checkout.static / "assets" / ".app.js.new").write_text("x")
    (checkout.ui / ".building-killed").mkdir()
    assert checkout.build() == "built"
    assert checkout.served() == served
    (checkout.static / "index.html").unlink()
    assert checkout.build() == "built"
    assert not (checkout.ui / ".building-killed").exists()


def test_a_page_never_names_a_file_that_is_not_there(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.build()
    checkout.write("two")
    seen = []
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        done = replace(path, target)
        names = {one.name for one in (checkout.static / "assets").iterdir()}
        page = (checkout.static / "index.html").read_text()
        seen.append((page, any((checkout.static / "assets" / one).read_text() == page for one in names)))
        return done

    monkeypatch.setattr(Path, "replace", watched)
    assert checkout.build() == "built"
    assert [page for page, _ in seen] == ["one", "two", "two"]
    assert all(whole for _, whole in seen)


def test_two_at_once_build_once(checkout: Checkout) -> None:
    answers: list[str] = []
    both = [threading.Thread(target=lambda: answers.append(checkout.build())) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == ["built", "same"]
    assert len(checkout.calls()) == 2


def test_as_a_script_it_says_how_it_went(checkout: Checkout) -> None:
    (checkout.root / "hatch_build.py").write_bytes((ROOT / "hatch_build.py").read_bytes())

    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-S", str(checkout.root / "hatch_build.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | env)

    assert run("--nonsense").returncode == 2
    failed = run(BUILD_EXIT="1")
    assert (failed.returncode, "`npm run build`" in failed.stderr) == (1, True)
    built = run()
    assert (built.returncode, "building" in built.stderr) == (0, True)
    again = run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_as_a_hook_it_builds_but_not_for_an_editable_installation(checkout: Checkout) -> None:
    def called(version: str) -> None:
        made = object.__new__(hook.InterfaceHook)
        made.__dict__["_BuildHookInterface__root"] = str(checkout.root)
        made.initialize(version, {})

    called("editable")
    assert checkout.calls() == []
    called("standard")
    assert checkout.served()["index.html"] == "one"
