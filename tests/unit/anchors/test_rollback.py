"""A ledger put back or forked is found by the client's memory, the signer's, a witness's, or a git remote's.

Each beside the same ledger untouched, which passes.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.anchoring import Web, web
from support.homes import TENANT, Home, sqlite_home
from support.vouching import add, key_of, small
from vestige.anchors import Anchoring, Means
from vestige.anchors.git import BRANCH, GitRemote
from vestige.client.watch import RollbackError, Watch
from vestige.ledger import Kind
from vestige.model.errors import OutgoingError, SettingsError, SignerError
from vestige.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vestige.ledger import Ledger


class Place:
    """A ledger that can be put back, with or without the signer's memory, and grown otherwise."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.home: Home = sqlite_home(folder)
        self.ledger: Ledger = small(self.home)
        self.ledger.checkpoint(TENANT)
        self.key = key_of(self.ledger)

    def keep(self) -> None:
        """A backup of everything, the signer's directory too."""
        self.home.snapshot()
        shutil.copytree(self.home.signer, self.home.folder / "old-signer")

    def back(self, *, signer: bool) -> None:
        self.home.put_back()
        if signer:
            shutil.rmtree(self.home.signer)
            shutil.copytree(self.home.folder / "old-signer", self.home.signer)
        self.ledger = self.home.ledger()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "home")
    yield made
    made.home.close()


@pytest.fixture
def net(place: Place, tmp_path: Path) -> Iterator[Web]:
    with web(tmp_path / "web", [], [[place.key]]) as found:
        yield found


def nothing(_: Place) -> None:
    """The control."""


def shrunk(place: Place) -> None:
    place.back(signer=True)


def forked(place: Place) -> None:
    """Put back, and grown again otherwise, beyond what was seen."""
    place.back(signer=True)
    add(place.ledger, 9, "another record")


@pytest.mark.parametrize(
    ("happens", "word"),
    [(nothing, ""), (shrunk, "rolled back"), (forked, "forked")],
    ids=["control", "shrunk", "forked"],
)
@pytest.mark.parametrize("who", ["witness", "git"])
def test_whoever_remembers_elsewhere_finds_it(
    place: Place, net: Web, tmp_path: Path, who: str, happens: Callable[[Place], None], word: str
) -> None:
    """Database and signer are put back together: nothing of our own can tell. A witness can, and a git remote."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    git = GitRemote(str(remote), tmp_path / "ours.git") if who == "git" else None
    means = net.means([], [0] if who == "witness" else [], git=git)
    place.keep()
    add(place.ledger, 4)
    assert [one.size for one in Anchoring(place.ledger, means).run(TENANT).made] == [10]
    happens(place)
    assert place.ledger.verify(TENANT).ok  # by itself it is as good as ever
    report = Anchoring(place.ledger, means).run(TENANT)
    assert report.contradicted is bool(word)
    if not word:
        assert len(report.made) == 1
        return
    assert report.made == []
    assert word in report.failures[0].reason
    assert "10" in report.failures[0].reason
    asking = Anchoring(place.ledger, means)
    for hour in range(3):  # a schedule meets it again and again, and says it once
        asking.run_due([TENANT], (2 + hour) * 3600 * 10**9 + 2 * 10**18)
    said = [place.ledger.opened(entry) for entry in place.ledger.entries_of(TENANT, [Kind.AUDIT])]
    found = [one for one in said if b"anchor.contradicted" in one]
    assert len(found) == 2  # by the one above, and by this one
    assert word.encode() in found[0]
    assert asking.due(TENANT) == []
    assert not list(place.ledger.entries_of(TENANT, [Kind.ANCHOR]))


@pytest.mark.parametrize("happens", [nothing, shrunk, forked], ids=["control", "shrunk", "forked"])
def test_the_signer_finds_it_where_its_own_memory_was_left(
    place: Place, happens: Callable[[Place], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Place.back
    monkeypatch.setattr(Place, "back", lambda self, *, signer: real(self, signer=not signer))
    place.keep()
    add(place.ledger, 4)
    place.ledger.checkpoint(TENANT)
    happens(place)
    found = place.ledger.verify(TENANT)
    if happens is nothing:
        assert found.ok
        assert place.ledger.checkpoint(TENANT)
        return
    assert not found.ok
    assert found.interval is not None
    with pytest.raises(SignerError, match=r"shrunk|not the one that was signed"):
        place.ledger.checkpoint(TENANT)


@pytest.mark.parametrize("happens", [nothing, shrunk, forked], ids=["control", "shrunk", "forked"])
def test_a_client_finds_it_by_what_it_verified_last(
    place: Place, tmp_path: Path, happens: Callable[[Place], None]
) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        answer: Any
        if path == "/v1/ledger/checkpoint":
            return httpx.Response(200, text=place.ledger.checkpoint(TENANT).note)
        if path == "/v1/ledger/keys":
            answer = [{"vkey": key.vkey} for key in place.ledger.keys(TENANT)]
        else:
            assert path == "/v1/ledger/consistency"
            from base64 import b64encode  # noqa: PLC0415 - of this answer alone

            first, second = int(query["from"]), int(query["to"])
            proof = place.ledger.consistency(TENANT, first, second)
            answer = {"from": first, "to": second, "path": [b64encode(node).decode() for node in proof]}
        return httpx.Response(200, json=answer)

    http = httpx.Client(transport=httpx.MockTransport(serve), base_url="http://ledger")
    watch = Watch(http, tmp_path / "seen", [str(place.key)])
    place.keep()
    add(place.ledger, 4)
    assert watch.check().size == 10
    happens(place)
    again = Watch(http, tmp_path / "seen", [str(place.key)])
    if happens is nothing:
        assert again.check().size == 10
        return
    with pytest.raises(RollbackError):
        again.check()


def test_a_remote_takes_one_commit_per_checkpoint_and_two_logs(place: Place, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(remote), *words], check=True, capture_output=True, text=True).stdout

    asking = Anchoring(place.ledger, Means(Outgoing(), git=GitRemote(f"file://{remote}", tmp_path / "ours.git")))
    first = asking.run(TENANT)
    assert asking.run(TENANT).size > first.size
    assert git("rev-list", "--count", BRANCH).strip() == "2"
    origin = place.key.name
    latest = place.ledger.latest_checkpoint(TENANT)
    assert latest is not None
    assert parse_size(git("show", f"{BRANCH}:{origin}/checkpoint")) == asking.page(TENANT, 0, 100)[-1].size
    other = "01KAP0000000000000000THER0"
    place.ledger.create_log(other, "vestige.example")
    elsewhere = Anchoring(place.ledger, Means(Outgoing(), git=GitRemote(f"file://{remote}", tmp_path / "theirs.git")))
    assert len(elsewhere.run(other).made) == 1
    held = {f"{place.ledger.log(other).origin}/checkpoint", f"{origin}/checkpoint"}
    assert set(git("ls-tree", "-r", "--name-only", BRANCH).split()) == held
    assert len(asking.run(TENANT).made) == 1  # what the other pushed meanwhile is fetched, and kept
    assert git("rev-list", "--count", BRANCH).strip() == "4"


def parse_size(note: str) -> int:
    return int(note.split("\n")[1])


def test_a_remote_that_is_not_there_is_told_of(place: Place, tmp_path: Path) -> None:
    asking = Anchoring(place.ledger, Means(Outgoing(), git=GitRemote(str(tmp_path / "none"), tmp_path / "ours.git")))
    report = asking.run(TENANT)
    assert (report.made, report.contradicted) == ([], False)
    assert "could not be fetched from" in report.failures[0].reason
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "none")], check=True)
    assert len(asking.run(TENANT).made) == 1


@pytest.mark.parametrize("more", [0, 1])
def test_what_somebody_else_wrote_to_the_branch_is_not_written_over(
    place: Place, tmp_path: Path, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor read, if it is larger than a checkpoint can be."""
    remote, work = tmp_path / "remote.git", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    file = work / place.key.name / "checkpoint"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"w" * ((1 << 20) + more))
    for words in (("init", "--quiet", "-b", BRANCH), ("add", "."),
                  ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "x"),
                  ("push", "--quiet", str(remote), BRANCH)):  # fmt: skip
        subprocess.run(["git", "-C", str(work), *words], check=True)
    asking = Anchoring(place.ledger, Means(Outgoing(), git=GitRemote(str(remote), tmp_path / "ours.git")))
    most, plain = [0], GitRemote._run

    def seen(self: GitRemote, *words: str, **given: Any) -> Any:
        done = plain(self, *words, **given)
        most.append(len(done.stdout))
        return done

    monkeypatch.setattr(GitRemote, "_run", seen)
    report = asking.run(TENANT)
    assert (max(most) == 1 << 20) is (more == 0)
    assert max(most) <= 1 << 20
    assert "no checkpoint of this log" in report.failures[0].reason
    assert not report.contradicted


@pytest.mark.parametrize(
    "remote",
    ["", "-x", "--upload-pack=touch /tmp/x", "ext::sh -c x", "/a b", "relative/path", "http://a/b", "git://a/b",
     "https://user:secret@a/b", "/a/../b", "https://a/$(x)", "/a\n", "file://host/x y", "ssh://-oProxyCommand=x/y z"],
)  # fmt: skip
def test_what_may_not_be_given_to_git_is_refused(remote: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        GitRemote(remote, tmp_path)
    assert "secret" not in refused.value.explain()
    for good in ("/srv/git/x.git", "file:///srv/x", "https://git.example/x.git", "ssh://git@git.example:22/x.git"):
        assert GitRemote(good, tmp_path).remote == good


def test_an_origin_that_is_no_path_is_never_given_to_git(tmp_path: Path) -> None:
    from vestige.anchors.witnesses import Head  # noqa: PLC0415 - of this test alone

    head = Head("a b/../c", 1, b"", lambda _: [], lambda: 1)
    with pytest.raises(OutgoingError, match="no path of git"):
        GitRemote(str(tmp_path), tmp_path / "ours.git").commit(head)
