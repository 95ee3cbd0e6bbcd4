"""Repositories that the server fetches: from a server of Git on this machine, and from nowhere it may not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.attributing.commits import Commits
from support.git_hosts import BASE, Hub, mirrored
from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

KEY = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(
        tmp_path_factory.mktemp("mirror") / "data", code_networks="127.0.0.0/8", limit_code_push_bytes=1 << 20
    ) as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(world: World) -> httpx.Client:
    return world.client("owner")


def test_a_repository_is_fetched_and_what_it_loses_stays(
    world: World, client: httpx.Client, hub: Hub, tmp_path: Path
) -> None:
    made = Commits(tmp_path / "one.git")
    made.git("checkout", "-q", "-b", "trunk")
    made.put("a.txt", "1\n")
    first = made.commit()
    made.git("tag", "v1")
    repository = mirrored(client, "hub/one", f"{hub.url}/one.git")
    told = client.post(f"{BASE}/{repository}/fetch")
    assert told.status_code == 200, told.text
    assert (told.json()["received"]["refs"], told.json()["received"]["objects"]) == (2, 3)
    refs = client.get(f"{BASE}/{repository}/refs").json()
    assert (refs["head"], [one["name"] for one in refs["refs"]]) == ("refs/heads/trunk", ["trunk", "v1"])
    made.put("a.txt", "2\n")
    second = made.commit()
    assert client.post(f"{BASE}/{repository}/fetch").json()["received"]["objects"] == 3
    made.git("reset", "-q", "--hard", first)
    made.put("b.txt", "3\n")
    third = made.commit()
    assert client.post(f"{BASE}/{repository}/fetch").json()["received"]["kept"] == 1
    assert client.get(f"{BASE}/{repository}/commits/{second}").status_code == 200
    assert client.get(f"{BASE}/{repository}/tree").json()["commit"] == third
    assert client.post(f"{BASE}/{repository}/fetch").json()["received"]["refs"] == 0
    fetched = [one for one in world.acts() if one["action"] == "code.fetched"]
    assert len(fetched) == 3  # of a fetch that brings nothing there is no entry
    assert [one["failure"] for one in client.get(BASE).json()["repositories"] if one["id"] == repository] == [""]


def test_more_than_may_come_is_not_taken(client: httpx.Client, hub: Hub, tmp_path: Path) -> None:
    made = Commits(tmp_path / "big.git")
    made.put("big", os.urandom(3 << 20))
    made.commit()
    repository = mirrored(client, "hub/big", f"{hub.url}/big.git")
    assert client.post(f"{BASE}/{repository}/fetch").status_code == 502
    assert client.get(f"{BASE}/{repository}/refs").json()["refs"] == []
    made.put("big", b"small")
    made.git("checkout", "-q", "--orphan", "other")
    made.git("branch", "-q", "-D", "main")
    made.commit()
    assert client.post(f"{BASE}/{repository}/fetch").status_code == 200


def test_where_it_may_not_go_is_refused(client: httpx.Client, hub: Hub) -> None:
    for url in (
        "file:///etc", "/etc", "ext::sh -c id", "git://127.0.0.1/x", "--upload-pack=x", "ssh://-oProxyCommand=id/x",
        "https://user:pass@example.org/x", "ftp://example.org/x", "ssh://host/-x", "a@b:--x", "ssh://u@h/ x", "http:///x",
    ):  # fmt: skip
        answer = client.post(BASE, json={"name": "bad/one", "url": url})
        assert answer.status_code in {422, 502}, url
    assert not [one for one in client.get(BASE).json()["repositories"] if one["name"] == "bad/one"]
    for name, url in (("bad/two", "https://10.0.0.1/x.git"), ("bad/three", "ssh://git@169.254.169.254/x.git"),
                      ("bad/four", f"{hub.url}/away/one.git"), ("bad/five", f"{hub.url}/none.git")):  # fmt: skip
        repository = mirrored(client, name, url)
        answer = client.post(f"{BASE}/{repository}/fetch")
        assert (answer.status_code, answer.json()["code"]) == (502, "outgoing"), url
        assert client.get(f"{BASE}/{repository}").json()["failure"]
    assert not any(path.startswith("/one.git") for path in hub.asked)
    pushed = client.post(BASE, json={"name": "hub/pushed"}).json()["id"]
    assert client.post(f"{BASE}/{pushed}/fetch").status_code == 409


def test_a_deploy_key_is_kept_encrypted_and_never_given_out(world: World, client: httpx.Client) -> None:
    answer = client.post(BASE, json={"name": "hub/keyed", "url": "ssh://git@localhost/x.git", "deploy_key": KEY})
    assert answer.status_code == 201
    told = answer.json()
    assert told["deploy_key"].startswith("ssh-ed25519 SHA256:")
    secret = KEY.splitlines()[2]
    folder = world.installation.settings.data / "code" / world.tenant
    kept = (folder / f"{told['id']}.json").read_text()
    assert secret not in kept
    assert "sealed_key" in kept
    assert (folder / f"{told['id']}.json").stat().st_mode & 0o077 == 0
    assert secret not in client.get(f"{BASE}/{told['id']}").text
    assert secret not in str(world.acts())
    code = world.installation.rooms(world.tenant).code
    assert code._open(code._mirrors.get(told["id"])) == KEY
    # Another place, and the key is not sent there.
    assert client.post(BASE, json={"name": "hub/keyed", "url": "ssh://git@localhost/y.git"}).json()["deploy_key"] == ""
    for key, url in (("no key", "ssh://git@localhost/x.git"), (KEY, "https://localhost/x.git")):
        answer = client.post(BASE, json={"name": "hub/other", "url": url, "deploy_key": key})
        assert answer.status_code == 422
        assert secret not in answer.text


def test_only_who_manages_code_lets_the_server_fetch(world: World, client: httpx.Client, hub: Hub) -> None:
    body = {"name": "hub/refused", "url": f"{hub.url}/x.git"}
    assert world.client("developer").post(BASE, json=body).status_code == 403
    assert world.client("developer").post(BASE, json={"name": "hub/allowed"}).status_code == 201
    assert not [one for one in client.get(BASE).json()["repositories"] if one["name"] == "hub/refused"]
