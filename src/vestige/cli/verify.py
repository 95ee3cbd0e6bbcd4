"""``vestige verify``: what CI asks about commits that were pushed, and what it shows of the answer.

The server answers, by what it has: what the checkout holds, or lacks, decides nothing. Ends with 0: the policies in
force let the commits by. 1: one of them blocks. 2: nobody could say so, and then nothing may go on.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
import orjson

from vestige.cli import ci
from vestige.cli.annotations import commands, quiet, summary
from vestige.cli.attempts import Attempt, attempts, complete
from vestige.cli.code import send
from vestige.cli.connection import at_home, connect
from vestige.cli.gate import BLOCKED, keyed
from vestige.cli.gate_page import verdict_lines
from vestige.cli.options import Globals, explained, global_options, put, say, shown
from vestige.cli.sarif import sarif
from vestige.model.errors import (
    ConflictError,
    FormatError,
    InputError,
    NotFoundError,
    ProofError,
    StorageError,
    UsageError,
    VestigeError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.capture.repository import Repository
    from vestige.cli.connection import Connection

UNVERIFIED: Final = 2
_AT: Final = "/v1/policies/verify"
_RUNNERS: Final = {"github": ci.github, "gitlab": ci.gitlab}


class Shown(NamedTuple):
    """Where the answer goes besides the screen."""

    sarif: Path | None
    summary: Path | None
    attestations: Path | None
    annotations: bool


@click.command()
@click.option("--range", "range_", metavar="A..B", help="The commits that B has and A has not.")
@click.option(
    "--commits", metavar="SHA,…", help="These commits and no others, with --attestation: which it must be of."
)
@click.option("--ci", "runner", type=click.Choice(sorted(_RUNNERS)), help="Those that this run of CI is about.")
@click.option("--except", "base", metavar="REV", help="With an A of zeros (a new branch): not those that REV has.")
@click.option("--repository", "name", metavar="NAME", help="What it is called; usually found out by itself.")
@click.option("--sarif", "sarif_file", type=click.Path(path_type=Path), metavar="FILE", help="SARIF 2.1.0.")
@click.option("--summary", "summary_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Markdown, put at its end: $GITHUB_STEP_SUMMARY.")  # fmt: skip
@click.option("--annotations", is_flag=True, help="Workflow commands of GitHub, a line for each result and place.")
@click.option("--attestations", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="A signed in-toto statement of each commit.")  # fmt: skip
@click.option("--attestation", type=click.Path(path_type=Path), metavar="FILE",
              help="Check such a statement; no server is asked.")  # fmt: skip
@click.option("--key", "keys", multiple=True, metavar="FILE|VKEY", help="The log's verifier key, or a file of such.")
@global_options
def verify(
    options: Globals, range_: str | None, commits: str | None, runner: str | None, base: str | None, name: str | None,
    sarif_file: Path | None, summary_file: Path | None, attestations: Path | None, attestation: Path | None,
    keys: tuple[str, ...], *, annotations: bool,
) -> int:  # fmt: skip
    """Have commits judged that were pushed; exit 1 if a policy blocks, 2 if nobody can say.

    With --attestation: whether a statement is genuine; exit 1 if it is and says that a policy blocks, 4 if it is not,
    or is of another repository or commit, or of none that a policy judged; 2 if it was not looked at.
    """
    if attestation is not None:
        # Each of these would say what is asked of a server; none is.
        more = {"range": range_, "ci": runner, "except": base, "sarif": sarif_file, "summary": summary_file,
                "attestations": attestations, "annotations": annotations or None}  # fmt: skip
        needless = [f"--{option}" for option, value in more.items() if value is not None]
        return _attested(options, attestation, keys, _Of(name, commits), needless)
    shows = Shown(sarif_file, summary_file, attestations, annotations)
    try:
        _Wanted.check([range_, commits, runner].count(None) == 2 and not keys and (base is None or range_ is not None))
        found = _asked(options, _Wanted(range_, commits, runner, base), name, attest=attestations is not None)
        return _tell(options, found, shows)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing was verified: 1 would say that it had been
        told = error if isinstance(error, VestigeError) else FormatError(
            "the answer is not understood", got=f"{type(error).__name__}: {error}"[:300]
        )  # fmt: skip
        return _unverified(told, shows)


class _Wanted(NamedTuple):
    range: str | None
    commits: str | None
    runner: str | None
    base: str | None

    @staticmethod
    def check(sound: bool) -> None:
        """Refuse what names no commits, or names them twice.

        Raises:
            UsageError: it does.
        """
        if not sound:
            raise UsageError("it must be said which commits", expected="one of --range, --commits, --ci; --except "
                             "beside --range, --key beside --attestation", got="none or several")  # fmt: skip

    def attempts(self, root: Path) -> list[Attempt]:
        """What to ask, in order."""
        if self.runner is not None:
            return attempts(root, _RUNNERS[self.runner](os.environ))
        if self.commits is not None:
            return [Attempt.of_commits(root, self.commits)]
        return [Attempt.of_range(root, self.range or "", self.base)]


def _asked(options: Globals, wanted: _Wanted, name: str | None, *, attest: bool) -> dict[str, Any]:
    """The server's answer, after it was looked at whether it is one and about these commits."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    here = repository.find(Path.cwd())
    called = name or here.name
    ours = at_home(options, here.root)
    if not ours.server and not ours.data:
        # Else a folder of the checkout, which is whoever pushed's, would answer.
        raise UsageError("it must be said who is asked", expected="--server URL, or --data DIR", got="neither")
    tries = wanted.attempts(here.root)
    if not tries:
        return {"blocked": False, "passed": True, "results": [], "judged": [], "gone": True, "repository": called}
    with connect(keyed(ours, ours.server, called), "verify") as connection:
        found, taken = _first(connection, here, called, tries, attest=attest)
    if taken is not tries[0]:
        sys.stderr.write(f"vestige: what the ref was before is not to be had; judged is {shown(taken.words)}\n")
    complete(here.root, taken, found)
    return found | {"about": taken.words}


def _first(
    connection: Connection, here: Repository, called: str, tries: list[Attempt], *, attest: bool
) -> tuple[dict[str, Any], Attempt]:
    """The first attempt that is answered. What is not there is brought once, where the checkout is whole.

    Raises:
        ConflictError: commits are not there, and not here.
    """
    first: VestigeError | None = None
    lacks, came = "", False
    for one in tries:
        body = {"repository": called, "attest": attest, **one.body}
        for again in (True, False):
            try:
                return connection.post(_AT, body), one
            except (ConflictError, NotFoundError) as error:
                first = first or error
                if not again or came:
                    break
                came = True
                lacks = _bring(connection, here.root, called, tries)
                if lacks:
                    break
    why = first or NotFoundError("nothing was asked")
    raise ConflictError(f"{why.message}: {lacks}" if lacks else why.message, expected=why.expected, got=why.got,
                        hint=_FETCH if lacks else why.hint)  # fmt: skip


_FETCH: Final = (
    "git fetch --unshallow origin (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0), or `vestige push`"
)


def _bring(connection: Connection, root: Path, called: str, tries: list[Attempt]) -> str:
    """Bring what is asked about; why that cannot be, empty if it was done."""
    from vestige.capture import packing, repository  # noqa: PLC0415 - as above

    if repository.text(root, "rev-parse", "--is-shallow-repository") != "false":
        return "this clone is shallow, so that it cannot bring them"
    heads = sorted(
        {oid for one in tries for oid in one.names if repository.git(root, "cat-file", "-e", oid) is not None}
    )
    if not heads:
        return "this clone has none of them either"
    try:
        send(connection, called, packing.object_format(root),
             lambda there, out: packing.pack_incoming(root, heads, there, out))  # fmt: skip
    except (InputError, StorageError) as error:
        return f"this clone cannot bring them: {error}"
    return ""


# -- what is shown ------------------------------------------------------------------------------------------------


def _tell(options: Globals, found: dict[str, Any], shows: Shown) -> int:
    # Not only what the server sums up: nothing that blocks is let by.
    bad = _bad(found["results"])
    blocked = found["blocked"] or _blocks(bad)
    if found["passed"] != all(one.get("action") == "pass" for one in bad) and not blocked:
        raise FormatError("the answer contradicts itself", expected=f"passed by its {len(bad)} open results",
                          got=f"passed {found['passed']}", hint="is it a Vestige of this version?")  # fmt: skip
    code = BLOCKED if blocked else 0
    state = "blocked" if blocked else "let by" if bad else "passed"
    files = _attestations(found.pop("attestations", []), [one["oid"] for one in found["judged"]], shows.attestations)
    if shows.annotations:
        _annotate(commands(found["results"], found["judged"]), json=options.json)
    _write(shows, state, found, code)
    if options.json:
        _put_json(found | {"blocked": blocked, "state": state, "attestations": files})
        return code
    for line in verdict_lines(found["results"]):
        put(quiet(line))
    say(options, quiet(f"vestige: {state}: {_count(found)}"))
    if found.get("rules") == [] and found["judged"]:
        sys.stderr.write("vestige: no policy is in force for this repository\n")
    return code


def _bad(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that do not hold; one whose result this version does not know is among them."""
    return [one for one in results if one.get("result") not in {"pass", "waived"}]


def _blocks(bad: list[dict[str, Any]]) -> bool:
    """Whether one of them blocks: whatever is not known to let by."""
    return any(one.get("action") not in {"warn", "pass"} for one in bad)


def _put_json(found: dict[str, Any]) -> None:
    """JSON on one line, in which no older form of a command stands; what it says is the same."""
    put(orjson.dumps(found).decode().replace("##[", "#\\u0023["))


def _count(found: dict[str, Any]) -> str:
    if found.get("gone"):
        return "the ref is gone, there is nothing to judge"
    sums = found["coverage"]
    if not sums["commits"]:
        return f"no commits: {found['about']}; decision {found['decision']}"
    lines = ", ".join(f"{sums[kind]:,} {kind}" for kind in ("ai", "mixed", "human", "unknown"))
    return (f"{sums['commits']} commits ({sums['sealed']} sealed, {sums['with_session']} with a sealed session; lines: "
            f"{lines}) by {len(found['rules'])} policies; decision {found['decision']}")  # fmt: skip


def _unverified(error: VestigeError, shows: Shown) -> int:
    lines = f"vestige: not verified: {explained(error)}".splitlines()
    sys.stderr.write("".join(f"{quiet(line)}\n" for line in lines))
    if shows.annotations:
        _annotate(commands([{"policy": "vestige", "type": "not verified", "result": "indeterminate", "action": "block",
                             "commit": "", "detail": str(error)}], []), json=True)  # fmt: skip
    try:
        _write(shows, "not verified", {"results": [], "judged": [], "error": str(error)}, UNVERIFIED)
    except StorageError as second:
        if str(second) != str(error):
            sys.stderr.write(f"vestige: nor can that be written: {shown(str(second))}\n")
    return UNVERIFIED


def _annotate(lines: list[str], *, json: bool) -> None:
    """A runner reads both streams; beside JSON they go to the other one."""
    (sys.stderr if json else sys.stdout).write("".join(f"{line}\n" for line in lines))


def _write(shows: Shown, state: str, found: dict[str, Any], code: int) -> None:
    if shows.sarif is not None:
        with _writable("--sarif", shows.sarif):
            shows.sarif.write_bytes(orjson.dumps(sarif(found, code), option=orjson.OPT_INDENT_2))
    if shows.summary is not None:
        with _writable("--summary", shows.summary), shows.summary.open("a", encoding="utf-8") as file:
            file.write(summary(state, found))


@contextlib.contextmanager
def _writable(option: str, path: Path) -> Iterator[None]:
    """Say of which option a path is that cannot be written.

    Raises:
        StorageError: it cannot.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"what {option} names cannot be written",
            expected="a path that this user may write, in a folder that is there",
            got=f"{path}: {error.strerror or error}"[:300],
        ) from None


def _attestations(made: list[dict[str, Any]], commits: list[str], folder: Path | None) -> list[str]:
    """Write the statements, a file each, named by its commit; which.

    Raises:
        FormatError: there is not one of each commit.
    """
    if folder is None:
        return []
    if [str(one["commit"]) for one in made] != commits or not all(one.isalnum() for one in commits):
        raise FormatError("the answer has not a statement of each commit", expected=f"{len(commits)}",
                          got=f"{len(made)}", hint="is it a Vestige of this version?")  # fmt: skip
    files = []
    with _writable("--attestations", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for one in made:
            file = folder / f"{one['commit']}.intoto.jsonl"
            file.write_text(f"{one['envelope']}\n", encoding="utf-8")
            files.append(str(file))
    return files


# -- a statement --------------------------------------------------------------------------------------------------


class _Of(NamedTuple):
    """What a statement shall be of."""

    repository: str | None
    commit: str | None


def _attested(options: Globals, file: Path, keys: tuple[str, ...], of: _Of, needless: list[str]) -> int:
    """How the check of a statement ends; 1 only if it is genuine and blocks.

    Raises:
        ProofError: it is not what it shall be.
        UsageError: it was not looked at.
    """
    if needless:
        raise UsageError("no server is asked about a statement", expected="--key, --repository, --commits beside "
                         "--attestation", got=", ".join(needless), field=needless[0].lstrip("-"))  # fmt: skip
    if not keys:
        raise UsageError("without the log's key nothing is proven", expected="--key FILE|VKEY", got="none",
                         hint="`vestige ledger keys` prints it; keep it where whoever attests cannot change it",
                         field="key")  # fmt: skip
    if not of.repository:
        raise UsageError("a statement of the same commit in another repository says nothing of this one: that one may "
                         "have no policies", expected="--repository NAME", got="none", field="repository")  # fmt: skip
    try:
        return _checked(options, file, keys, of)
    except (ProofError, UsageError):
        raise
    except Exception as error:  # noqa: BLE001 - as above: 1 would say that it is genuine and blocks
        raise UsageError("the statement cannot be looked at", expected="a file of vestige verify --attestations",
                         got=f"{type(error).__name__}: {error}"[:200], field="attestation") from None  # fmt: skip


def _checked(options: Globals, file: Path, keys: tuple[str, ...], of: _Of) -> int:
    """Whether a statement is genuine, of the commit and the repository it shall be of, and of a judgement.

    Raises:
        ProofError: it is not.
    """
    from vestige.app import ENVELOPE_BYTES, opened_attestation, read_log_keys  # noqa: PLC0415 - as above

    trusted = read_log_keys(keys)
    with file.open("rb") as opened:
        data = opened.read(ENVELOPE_BYTES + 1)
    found = opened_attestation(data.strip(), trusted)
    said = found.predicate
    if of.commit is not None and of.commit.strip().lower() != found.commit:
        raise ProofError("the statement is of another commit", expected=of.commit[:80], got=found.commit)
    if said["repository"] != of.repository:
        raise ProofError("the statement is of another repository", expected=str(of.repository)[:300],
                         got=str(said["repository"])[:300])  # fmt: skip
    if not said["policies"]:
        raise ProofError("no policy judged this commit", expected="policies that were in force for the repository",
                         got="none", hint="`vestige policy list`; then have it judged again")  # fmt: skip
    decision, bad = said["decision"], _bad(said["results"])
    blocked = bool(decision["blocked"]) or _blocks(bad)
    if options.json:
        _put_json(found._asdict())
    else:
        word = "blocked" if blocked else "passed" if decision["passed"] else "let by"
        put(quiet(shown(f"{found.commit}  {word}  {said['repository']}  sealed {found.at} as {found.entry}")))
        for line in verdict_lines(said["results"]):
            put(quiet(line))
    return BLOCKED if blocked else 0
