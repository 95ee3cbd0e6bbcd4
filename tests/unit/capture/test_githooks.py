"""Git's hooks: others' stay, run first, and come back to the byte; ours never stop Git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.capturing import git, person
from vestige.capture.githooks import KEPT, NAMES, folder, install, uninstall
from vestige.model.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.capturing import Person


@pytest.fixture
def ann(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as one:
        yield one


def script(path: Path, body: str) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path.read_bytes()


def listed(hooks: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mode) for path in hooks.iterdir()}


def test_hooks_come_back_to_the_byte(ann: Person) -> None:
    repository = ann.repository()
    hooks = folder(repository)
    script(hooks / "post-commit", "true")
    script(hooks / "pre-push", "cat >/dev/null")
    (hooks / "post-merge").write_bytes(b"not executable")
    (hooks / "post-checkout").symlink_to("pre-push")
    before = listed(hooks)
    assert install(hooks) == list(NAMES)
    assert install(hooks) == []
    assert (hooks / f"post-checkout{KEPT}").is_symlink()
    assert uninstall(hooks) == list(NAMES)
    assert listed(hooks) == before
    assert (hooks / "post-checkout").is_symlink()
    assert uninstall(hooks) == []


def test_the_folder_is_the_one_git_asks(ann: Person) -> None:
    repository = ann.repository()
    git(repository, "worktree", "add", "-q", "../beside")
    assert folder(repository.parent / "beside") == repository / ".git/hooks"
    git(repository, "config", "core.hooksPath", ".husky")
    assert folder(repository) == repository / ".husky"
    git(repository, "config", "core.hooksPath", str(ann.home / "shared hooks"))
    assert folder(repository) == ann.home / "shared hooks"


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("status", [0, 3])
def test_the_hook_that_was_there_has_its_arguments_input_and_status(
    ann: Person, *, installed: bool, status: int
) -> None:
    repository = ann.repository()
    hooks = folder(repository)
    told = ann.home / "told"
    script(hooks / "pre-push", f'{{ echo "$@"; cat; }} > {told}; exit {status}')
    install(hooks)
    if installed:
        ann.vestige(repository, "agent", "init")
    given = b"refs/heads/main " + b"1" * 40 + b" refs/heads/main " + b"0" * 40 + b"\n"
    done = subprocess.run(
        [".git/hooks/pre-push", "origin", "a b"], cwd=repository, env=ann.env, input=given * 2000, check=False
    )
    assert done.returncode == status
    assert told.read_bytes() == b"origin a b\n" + given * 2000


def test_one_that_reads_nothing_and_one_without_an_interpreter_line_run(ann: Person) -> None:
    repository = ann.repository()
    hooks = folder(repository)
    script(hooks / "pre-push", "exit 0")
    (hooks / "post-commit").write_text(f"echo ran > {ann.home}/ran\n")
    (hooks / "post-commit").chmod(0o755)
    ann.vestige(repository, "agent", "init")
    done = subprocess.run(
        [".git/hooks/pre-push", "o"], cwd=repository, env=ann.env, input=b"x" * (1 << 20), check=False
    )
    assert done.returncode == 0
    git(repository, "commit", "-qm", "x", "--allow-empty", env=ann.env)
    assert (ann.home / "ran").read_text() == "ran\n"


def test_without_an_interpreter_git_goes_on_and_so_does_the_hook_that_was_there(ann: Person) -> None:
    repository = ann.repository()
    hooks = folder(repository)
    script(hooks / "post-commit", f"echo ran > {ann.home}/ran")
    ann.vestige(repository, "agent", "init")
    launcher = ann.home / ".local/share/vestige/agent/hook"
    lines = launcher.read_text().splitlines()
    lines[2] = "python=/nowhere/python"
    launcher.write_text("\n".join(lines))
    git(repository, "commit", "-qm", "x", "--allow-empty", env=ann.env)
    assert (ann.home / "ran").read_text() == "ran\n"
    done = subprocess.run([".git/hooks/pre-push", "o"], cwd=repository, env=ann.env, input=b"x" * 100, check=False)
    assert done.returncode == 0


def test_two_that_claim_to_have_been_there_are_refused_and_stay(ann: Person) -> None:
    hooks = folder(ann.repository())
    script(hooks / "post-commit", "true")
    install(hooks)
    script(hooks / "post-commit", "another tool's")
    before = listed(hooks)
    with pytest.raises(ConflictError):
        install(hooks)
    assert listed(hooks) == before
    os.unlink(hooks / f"post-commit{KEPT}")  # noqa: PTH108
    assert install(hooks) == ["post-commit"]


def test_where_the_gate_is_on_what_cannot_be_read_or_judged_does_not_go(ann: Person) -> None:
    repository = ann.repository()
    ann.vestige(repository, "agent", "init")
    line = b"refs/heads/main " + b"1" * 40 + b" refs/heads/main " + b"0" * 40 + b"\n"

    def pushed(given: bytes) -> tuple[int, bytes]:
        done = subprocess.run(
            [".git/hooks/pre-push", "origin", "a b"], cwd=repository, env=ann.env, input=given, check=False,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        return done.returncode, done.stderr

    assert pushed(line) == (0, b"")
    git(repository, "config", "vestige.gate", "on", env=ann.env)
    code, told = pushed(line)
    assert (code != 0, b"vestige: " in told) == (True, True)  # no server, no data directory
    assert pushed(b"") == (0, b"")
    code, told = pushed(b"x" * ((16 << 20) + 1))
    assert (code, b"could not be read" in told) == (1, True)
    ann.vestige(repository, "agent", "init", "--uninstall")
    assert git(repository, "config", "--default", "off", "vestige.gate", env=ann.env) == "off"
