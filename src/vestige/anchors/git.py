"""Checkpoints in a git remote: somebody else's memory of the log, with the tools everybody has.

Each anchored checkpoint becomes the file ``<origin>/checkpoint`` of the branch :data:`BRANCH`, one commit each. Before
it is written, the one that is there is looked at: a larger one, or one the log does not extend, is told as a rollback
or a fork, and nothing is pushed. Nothing is ever forced: where somebody else pushed meanwhile, it is looked at again.

The program ``git`` is started without a shell. What it is given are its own words, paths of ours, and the remote as the
operator wrote it, which is held to a pattern first: no option, no helper (``ext::…``), no password, which would end up
in the ledger. It asks nobody anything, runs no hook, and has a minute.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from typing import TYPE_CHECKING, Final

from vestige.model.errors import IntegrityError, OutgoingError, ProofError, SettingsError
from vestige.proof import parse_checkpoint, verify_consistency

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.anchors.witnesses import Head

BRANCH: Final = "vestige-checkpoints"
_REF: Final = f"refs/heads/{BRANCH}"
_SECONDS: Final = 60
_TRIES: Final = 3
_MOST: Final = 1 << 20
_REMOTE: Final = re.compile(r"(?:file://)?/[A-Za-z0-9._/+-]{1,400}|(?:https|ssh)://[A-Za-z0-9._@:/~+-]{1,400}")
_PASSWORD: Final = re.compile(r"//[^/]*:[^/]*@")
_PATH: Final = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_ABSENT: Final = re.compile(
    r"couldn't find remote ref|exists on disk, but not in|does not exist in|invalid object name"
)
_BEHIND: Final = re.compile(
    r"non-fast-forward|fetch first|cannot lock ref|failed to update ref|reference already exists"
)


def check_remote(remote: str) -> str:
    """The remote of the setting, if it may be given to git.

    Raises:
        SettingsError: it may not.
    """
    if not _REMOTE.fullmatch(remote) or _PASSWORD.search(remote) or ".." in remote:
        raise SettingsError(
            "the git remote for checkpoints is none",
            expected="an absolute path, or a file:, https: or ssh: URL without a password",
            got=_PASSWORD.sub("//…@", remote)[:100],
            hint="for https: use a credential helper, for ssh: a key",
            field="anchor_git",
        )
    return remote


class GitRemote:
    """Writes checkpoints to a remote.

    Args:
        remote: where, as :func:`check_remote` took it.
        folder: a bare repository of ours; made when it is needed.
    """

    def __init__(self, remote: str, folder: Path) -> None:
        self.remote = check_remote(remote)
        self._folder = folder

    def commit(self, head: Head) -> str:
        """Put a checkpoint there; the commit that holds it.

        Raises:
            IntegrityError: what is there is larger, or of another tree: the log was rolled back or forked.
            OutgoingError: the remote cannot be reached, or does not take it.
        """
        path = f"{head.origin}/checkpoint"
        if not _PATH.fullmatch(path) or ".." in path:
            raise OutgoingError("the log's name is no path of git", expected="plain segments", got=path[:100])
        if not (self._folder / "HEAD").exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare")
        for _ in range(_TRIES):
            parent = self._fetch()
            there = b"" if not parent else self._show(parent, path)
            if there == head.note:
                return parent
            if there:
                self._check(there, head)
            made = self._write(parent, path, head)
            if self._push(made):
                return made
        raise OutgoingError("others push to the same branch all the time", got=self.remote, hint="try again")

    def _check(self, there: bytes, head: Head) -> None:
        """Refuse to write over a checkpoint that the log does not extend."""
        try:
            old = parse_checkpoint(there)
            if old.origin != head.origin:
                raise ProofError("a checkpoint of another log", expected=head.origin, got=old.origin[:100])  # noqa: TRY301 - told below
        except ProofError as error:
            raise self._strange(error.expected, error.got) from None
        if old.size > head.size and old.size > head.grown():
            raise IntegrityError(
                f"the log {head.origin} was rolled back: {self.remote} holds a checkpoint of more of it",
                expected=f"at least size {old.size}", got=f"size {head.size}",
                hint=f"entries {head.size} to {old.size - 1} are gone; `vestige ledger verify`, then look for a backup",
            )  # fmt: skip
        if old.size > head.size:
            raise OutgoingError("another process was faster", expected=f"above {old.size}", got=str(head.size))
        new = parse_checkpoint(head.note)
        try:
            path = head.prove(old.size) if 0 < old.size < new.size else ()
            if old.size:
                verify_consistency(old.size, new.size, old.root, new.root, path)
        except ProofError as error:
            raise IntegrityError(
                f"the log {head.origin} is not the one whose checkpoint {self.remote} holds: it was forked",
                expected=f"a tree that extends size {old.size}, root {old.root.hex()}", got=error.got,
                hint="`vestige ledger verify`; the commit holds the proof, signed by the log",
            ) from None  # fmt: skip

    def _fetch(self) -> str:
        """The commit the branch stands at; empty if there is no such branch."""
        done = self._run(
            "fetch", "--quiet", "--no-tags", "--depth=1", "--end-of-options", self.remote, f"+{_REF}:{_REF}"
        )
        if done.returncode:
            if _ABSENT.search(done.stderr.decode("utf-8", "replace")):
                self._run("update-ref", "-d", _REF)
                return ""
            raise self._failed("fetched from", done)
        return self._git("rev-parse", "--verify", _REF).decode().strip()

    def _show(self, commit: str, path: str) -> bytes:
        """The file of a commit, empty if it is not there. Its size is asked first: anybody may have written it."""
        done = self._run("cat-file", "-s", f"{commit}:{path}")
        if done.returncode and not _ABSENT.search(done.stderr.decode("utf-8", "replace")):
            raise self._failed("read", done)
        if done.returncode:
            return b""
        if int(done.stdout) > _MOST:
            raise self._strange(f"at most {_MOST} bytes", done.stdout.decode().strip())
        return self._git("cat-file", "blob", f"{commit}:{path}")

    def _write(self, parent: str, path: str, head: Head) -> str:
        blob = self._git("hash-object", "-w", "--stdin", data=head.note).decode().strip()
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": os.path.join(scratch, "index")}  # noqa: PTH118 - for git's environment
            if parent:
                self._git("read-tree", parent, env=index)
            self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self._git("write-tree", env=index).decode().strip()
        parents = ("-p", parent) if parent else ()
        said = f"{head.origin} at size {head.size}\n".encode()
        return self._git("commit-tree", tree, *parents, data=said).decode().strip()

    def _push(self, commit: str) -> bool:
        """Whether the remote took it; not if somebody else was faster."""
        done = self._run("push", "--quiet", "--end-of-options", self.remote, f"{commit}:{_REF}")
        if done.returncode and not _BEHIND.search(done.stderr.decode("utf-8", "replace")):
            raise self._failed("pushed to", done)
        return not done.returncode

    def _git(self, *words: str, data: bytes = b"", env: dict[str, str] | None = None) -> bytes:
        done = self._run(*words, data=data, env=env)
        if done.returncode:
            raise self._failed("used for", done)
        return done.stdout

    def _run(
        self, *words: str, data: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        settings = ("protocol.ext.allow=never", f"core.hooksPath={os.devnull}", "gc.auto=0", "commit.gpgSign=false")
        options = [word for one in settings for word in ("-c", one)]
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
            "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            "GIT_AUTHOR_NAME": "vestige", "GIT_AUTHOR_EMAIL": "vestige@localhost", "LC_ALL": "C",
            "GIT_COMMITTER_NAME": "vestige", "GIT_COMMITTER_EMAIL": "vestige@localhost",
        }  # fmt: skip
        try:
            return subprocess.run(  # noqa: S603 - no shell; the remote was held to a pattern, the rest is ours
                ["git", *options, "--git-dir", str(self._folder), *words],  # noqa: S607 - the machine's own
                input=data, capture_output=True, check=False, timeout=_SECONDS, env=quiet | (env or {}),
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OutgoingError(
                f"{self.remote} cannot be reached by git", expected=f"an answer within {_SECONDS} s",
                got=str(error)[:160],
            ) from None  # fmt: skip

    def _strange(self, expected: str, got: str) -> OutgoingError:
        return OutgoingError(
            f"what stands at {self.remote} is no checkpoint of this log", expected=expected, got=got,
            hint=f"somebody else wrote to the branch {BRANCH}",
        )  # fmt: skip

    def _failed(self, what: str, done: subprocess.CompletedProcess[bytes]) -> OutgoingError:
        return OutgoingError(
            f"git could not be {what} {self.remote}",
            expected="a remote that takes the branch " + BRANCH,
            got=done.stderr.decode("utf-8", "replace").strip()[-300:],
        )
