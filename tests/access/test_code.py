"""Repositories over HTTP: pushed, looked through, and kept from whoever may not, or brings what is hostile."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from support.attributing.world import ENVIRONMENT
from support.world import World, world_in
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

BASE = "/v1/code/repositories"
PYTHON = "def one():\n    return 1\n\n\nclass Two:\n    def three(self):\n        return 3\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(
        tmp_path_factory.mktemp("code") / "data", limit_code_unpacked_bytes=8 << 20, limit_code_push_bytes=1 << 20
    ) as made:
        yield made


@pytest.fixture
def made(tmp_path: Path) -> Commits:
    return Commits(tmp_path / "work")


@pytest.fixture
def client(world: World) -> httpx.Client:
    return world.client("owner")


def registered(client: httpx.Client, made: Commits) -> str:
    answer = client.post(BASE, json={"name": f"host/{made.folder.parent.name}/{id(made)}"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def pushed(client: httpx.Client, repository: str, made: Commits) -> dict[str, Any]:
    there = client.get(f"{BASE}/{repository}/tips").json()["tips"]
    file = made.folder.parent / "bundle"
    with file.open("wb") as out:
        packed = pack(made.folder, set(there), out)
    assert packed is not None
    answer = client.post(f"{BASE}/{repository}/bundles", content=file.read_bytes(), params={"head": packed.head})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()["received"]
    return told


def raw_bundle(made: Commits, oid: str, ref: str = "refs/heads/main", objects: tuple[str, ...] = ()) -> bytes:
    """A bundle of what Git itself would refuse to make."""
    given = "".join(f"{one}\n" for one in (oid, *objects)).encode()
    done = subprocess.run(
        ["git", "-C", str(made.folder), "pack-objects", "--stdout", "-q", *([] if objects else ["--revs"])],
        input=given, capture_output=True, check=True, env=ENVIRONMENT,
    )  # fmt: skip
    return f"# v2 git bundle\n{oid} {ref}\n\n".encode() + done.stdout


def test_a_push_brings_all_and_later_only_what_is_new(world: World, client: httpx.Client, made: Commits) -> None:
    made.put("src/a.py", PYTHON)
    first = made.commit()
    made.put("src/a.py", PYTHON.replace("1", "2"))
    amended = made.commit()
    made.git("commit", "-q", "--amend", "-m", "better")
    better = made.git("rev-parse", "HEAD")
    repository = registered(client, made)
    told = pushed(client, repository, made)
    assert (told["refs"], told["left_out"]) == (1, [])
    assert told["kept"] == 1
    # What was amended away is there, under no name.
    gone = client.get(f"{BASE}/{repository}/commits/{amended}")
    assert (gone.status_code, gone.json()["parents"]) == (200, [first])
    refs = client.get(f"{BASE}/{repository}/refs").json()
    assert (refs["head"], [one["name"] for one in refs["refs"]], refs["seen"]) == ("refs/heads/main", ["main"], 1)
    made.put("b.txt", "more\n")
    head = made.commit()
    again = pushed(client, repository, made)
    assert again["objects"] == 3
    with (made.folder.parent / "bundle").open("wb") as out:
        assert pack(made.folder, set(client.get(f"{BASE}/{repository}/tips").json()["tips"]), out) is None
    # A branch that is behind is told, and not believed to be newer.
    made.git("branch", "old", "HEAD~1")
    made.git("checkout", "-q", "old")
    made.git("branch", "-f", "main", "old")
    assert pushed(client, repository, made)["objects"] == 0
    names = {one["name"]: one["commit"] for one in client.get(f"{BASE}/{repository}/refs").json()["refs"]}
    assert names == {"main": head, "old": better}
    made.git("checkout", "-q", "main")
    # A branch that went elsewhere is believed, and what it named before stays.
    made.git("reset", "-q", "--hard", first)
    made.put("c.txt", "elsewhere\n")
    made.commit()
    pushed(client, repository, made)
    assert client.get(f"{BASE}/{repository}/commits/{better}").status_code == 200
    acts = [one["action"] for one in world.acts() if one["action"].startswith("code.")]
    assert acts[-5:] == ["code.registered", *["code.pushed"] * 4]


def test_trees_files_commits_and_scopes_are_answered(client: httpx.Client, made: Commits) -> None:
    made.put("src/a.py", PYTHON)
    made.put("page.html", "<script>alert(1)</script>")
    made.put("bin", b"\0\1")
    first = made.commit()
    made.put("src/a.py", PYTHON.replace("3", "4"))
    second = made.commit()
    repository = registered(client, made)
    pushed(client, repository, made)
    at = f"{BASE}/{repository}"
    tree = client.get(f"{at}/tree").json()
    assert [(one["name"], one["kind"]) for one in tree["entries"]] == [
        ("src", "folder"), ("bin", "file"), ("page.html", "file"),
    ]  # fmt: skip
    file = client.get(f"{at}/file", params={"path": "src/a.py"}).json()
    assert (file["commit"], file["language"], len(file["lines"]), file["unshown"]) == (second, "python", 7, "")
    assert [1, 0, 3, "keyword"] in file["colours"]
    old = client.get(f"{at}/file", params={"path": "src/a.py", "rev": first}).json()
    assert old["lines"][-1].endswith("3")
    assert client.get(f"{at}/file", params={"path": "bin"}).json()["unshown"] == "not text"
    raw = client.get(f"{at}/file", params={"path": "page.html", "raw": "true"})
    assert (raw.content, raw.headers["content-type"]) == (b"<script>alert(1)</script>", "application/octet-stream")
    assert "sandbox" in raw.headers["content-security-policy"]
    page = client.get(f"{at}/commits", params={"limit": 1}).json()
    assert [one["oid"] for one in page["commits"]] == [second]
    assert (page["commits"][0]["files"], page["commits"][0]["added"]) == (1, 1)
    rest = client.get(f"{at}/commits", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert [one["oid"] for one in rest["commits"]] == [first]
    assert "next_cursor" not in rest
    commit = client.get(f"{at}/commits/{second}").json()
    assert [one["path"] for one in commit["files"]] == ["src/a.py"]
    assert [line["kind"] for line in commit["files"][0]["hunks"][0]["lines"]].count("+") == 1
    for path in ("tree", "file?path=bin", f"commits/{second}", "commits", "lines?path=src/a.py"):
        tag = client.get(f"{at}/{path}").headers["etag"]
        assert client.get(f"{at}/{path}", headers={"If-None-Match": tag}).status_code == 304
        assert client.get(f"{at}/{path}", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_commit_is_found_in_whichever_repository_has_it(client: httpx.Client, made: Commits) -> None:
    made.put("only-here", str(made.folder))
    oid = made.commit()
    made.put("other", "1\n")
    other = made.commit()
    here, there = registered(client, made), client.post(BASE, json={"name": f"host/copy/{id(made)}"}).json()["id"]

    def holders(commit: str) -> set[tuple[str, str]]:
        answer = client.get(BASE, params={"commit": commit})
        assert answer.status_code == 200, answer.text
        return {(one["id"], one["commit"]) for one in answer.json()["repositories"]}

    assert holders(oid) == set()
    pushed(client, here, made)
    assert holders(oid) == holders(oid[:7]) == {(here, oid)}
    assert holders(other[:12]) == {(here, other)}
    pushed(client, there, made)
    assert holders(oid) == {(here, oid), (there, oid)}
    # An object that is no commit is none.
    assert holders(made.git("rev-parse", "HEAD^{tree}")) == set()
    for wrong in (oid[:6], "HEAD", "g" * 40, "a" * 65, "--all"):
        assert client.get(BASE, params={"commit": wrong}).status_code == 422


def test_a_commit_says_by_which_entry_it_is_sealed_and_its_tag_changes_with_it(
    world: World, client: httpx.Client, made: Commits
) -> None:
    made.put("sealed", "1\n")
    oid = made.commit()
    repository = registered(client, made)
    pushed(client, repository, made)
    at = f"{BASE}/{repository}/commits/{oid}"
    before = client.get(at)
    assert before.json()["seal"] == ""
    assert client.get(at, headers={"If-None-Match": before.headers["etag"]}).status_code == 304
    assert world.client("owner").post("/v1/agents/seals", json={}).status_code < 300
    after = client.get(at, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    seal = client.get(f"/v1/events/{after.json()['seal']}").json()
    assert (seal["event_type"], seal["attributes"]["commit"]) == ("vestige.seal", oid)


def test_lines_are_unknown_until_something_is_known_of_them(client: httpx.Client, made: Commits) -> None:
    made.put("a.py", PYTHON)
    oid = made.commit()
    repository = registered(client, made)
    pushed(client, repository, made)
    at = f"{BASE}/{repository}/lines"
    told = client.get(at, params={"path": "a.py"}).json()
    assert told["summary"] == {"ai": 0, "human": 0, "mixed": 0, "unknown": 7}
    assert (told["ranges"], told["lines"], told["unread"], told["commit"]) == ([], 7, "", oid)
    name = client.get(f"{BASE}/{repository}").json()["name"]
    before = PYTHON.partition("\n\n\n")[2]
    send_edit(client, name, oid, "a.py", (before, PYTHON), session="s1", call="c1")
    told = client.get(at, params={"path": "a.py"}).json()
    assert told["summary"] == {"ai": 4, "human": 0, "mixed": 0, "unknown": 3}
    (prompt,) = client.get("/v1/search", params={"q": "session:s1 type:agent.prompt"}).json()["events"]
    assert told["ranges"] == [{
        "start": 1, "end": 4, "class": "ai", "grade": "observed", "session": "s1", "call": "c1", "prompt": prompt["id"],
        "agent": "claude-code", "model": "", "person": "",
    }]  # fmt: skip
    assert told["scopes"] == [
        {"name": "one", "kind": "function", "start": 1, "end": 2,
         "summary": {"ai": 2, "human": 0, "mixed": 0, "unknown": 0}},
        {"name": "Two", "kind": "class", "start": 5, "end": 7,
         "summary": {"ai": 0, "human": 0, "mixed": 0, "unknown": 3}},
        {"name": "Two.three", "kind": "method", "start": 6, "end": 7,
         "summary": {"ai": 0, "human": 0, "mixed": 0, "unknown": 2}},
    ]  # fmt: skip
    # A later commit that nobody looked at has what it did not change.
    made.put("a.py", PYTHON + "x = 1\n")
    made.commit()
    pushed(client, repository, made)
    assert client.get(at, params={"path": "a.py"}).json()["summary"] == {"ai": 4, "human": 0, "mixed": 0, "unknown": 4}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tree?rev=--upload-pack%3Dx", 422), ("tree?rev=main..main", 422), ("tree?rev=a%00b", 422),
        ("tree?path=../x", 422), ("tree?path=/etc", 422), ("file?path=a%00b", 422), ("file?path=.git/config", 404),
        ("file?path=..%2F..%2Fetc%2Fpasswd", 422), ("tree?rev=none", 404), ("commits/HEAD", 422),
        ("commits/--output%3Dx", 422), ("commits?cursor=x", 422), ("commits?cursor=Li4u", 422),
        ("commits/" + "1" * 40, 404), ("lines?path=-x", 404), ("tree?other=1", 422), ("tree?path=a.txt", 404),
        ("file?path=a.txt", 200), ("tree?rev=main", 200),
    ],
)  # fmt: skip
def test_hostile_revisions_and_paths_are_refused(client: httpx.Client, path: str, status: int, hostile: str) -> None:
    assert client.get(f"{BASE}/{hostile}/{path}").status_code == status


@pytest.fixture(scope="module")
def hostile(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    made = Commits(tmp_path_factory.mktemp("hostile") / "work")
    made.put("a.txt", "x\n")
    made.commit()
    repository = registered(world.client("owner"), made)
    pushed(world.client("owner"), repository, made)
    return repository


def bad_bundles(made: Commits) -> dict[str, tuple[bytes, int]]:
    made.put("a.txt", "x\n" * 1000)
    good = made.commit()
    whole = raw_bundle(made, good)
    blob = made.git("rev-parse", "HEAD:a.txt")

    def with_tree(name: str) -> bytes:
        entry = f"100644 {name}\0".encode() + bytes.fromhex(blob)
        tree = subprocess.run(
            ["git", "-C", str(made.folder), "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
            input=entry, capture_output=True, check=True, env=ENVIRONMENT,
        ).stdout.decode().strip()  # fmt: skip
        oid = made.git("commit-tree", "-m", "bad", tree)
        return raw_bundle(made, oid, objects=(tree, blob))

    made.put("bomb", b"\0" * (64 << 20))
    bomb = raw_bundle(made, made.commit())
    assert len(bomb) < 200_000
    parts = whole.split(b"\n\n", 1)
    return {
        "nothing": (b"", 422), "no bundle": (b"PACK", 422), "torn": (whole[:-30], 422), "headless": (parts[1], 422),
        "spoilt": (whole[:-30] + bytes(30), 422), "no pack": (parts[0] + b"\n\n", 422),
        ".git": (with_tree(".git"), 422), "..": (with_tree(".."), 422), "slash": (with_tree(".git/hooks/x"), 422),
        "ntfs": (with_tree("git~1"), 422), "bomb": (bomb, 413), "long": (b"# v2 git bundle\n" + b"x" * 5000, 422),
        "ref ..": (whole.replace(b"refs/heads/main", b"refs/heads/a..b"), 422),
        "ref out": (whole.replace(b"refs/heads/main", b"refs/../../x"), 422),
        "ref option": (whole.replace(b"refs/heads/main", b"--exec=x"), 422),
        "missing": (raw_bundle(made, good, objects=(blob,)), 422),
        "needs": (whole.replace(b"bundle\n", b"bundle\n-" + b"1" * 40 + b" \n"), 409),
        "filter": (whole.replace(b"# v2 git bundle\n", b"# v3 git bundle\n@filter=blob:none\n"), 422),
        "too large": (whole + bytes(2 << 20), 413),
    }  # fmt: skip


def test_a_bundle_with_anything_wrong_leaves_the_repository_as_it_was(
    world: World, client: httpx.Client, made: Commits
) -> None:
    repository = registered(client, made)
    folder = world.installation.settings.data / "code" / world.tenant
    bad = bad_bundles(made)
    before = sorted(str(file) for file in (folder / f"{repository}.git").rglob("*"))
    for name, (data, status) in bad.items():
        answer = client.post(f"{BASE}/{repository}/bundles", content=data)
        assert answer.status_code == status, (name, answer.text)
        assert sorted(str(file) for file in (folder / f"{repository}.git").rglob("*")) == before, name
        assert not list(folder.glob("*.quarantine")), name
    made.git("rm", "-q", "bomb")
    made.git("reset", "-q", "--hard", "HEAD~1")
    good = raw_bundle(made, made.git("rev-parse", "HEAD"))
    assert client.post(f"{BASE}/{repository}/bundles", content=good).status_code == 201
    assert client.get(f"{BASE}/{repository}/tree").json()["entries"][0]["name"] == "a.txt"


def test_a_name_that_cannot_be_is_refused(client: httpx.Client) -> None:
    for name in ("", "a b", "../x", "/x", "-x", "a\nb", "a//b", "x" * 301):
        assert client.post(BASE, json={"name": name}).status_code == 422, name
    assert client.post(BASE, json={"name": "a/b", "deploy_key": "x"}).status_code == 422
    first = client.post(BASE, json={"name": "host/owner/höhe"})
    again = client.post(BASE, json={"name": "host/owner/höhe"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert client.delete(f"{BASE}/{first.json()['id']}").status_code == 204
    assert client.get(f"{BASE}/{first.json()['id']}").status_code == 404
