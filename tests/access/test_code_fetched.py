"""Private repositories are fetched over HTTPS and SSH from real servers: with the right key and authority alone."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from support.attributing.commits import Commits
from support.git_hosts import BASE, Hub, SshHost, mirrored
from support.openid import certificate
from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx


def key() -> tuple[str, str]:
    """A private key of OpenSSH, and its public half."""
    made = Ed25519PrivateKey.generate()
    own = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return own, made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with one repository of one commit; the authority of the host's certificate."""
    folder = tmp_path_factory.mktemp("hosts")
    made = Commits(folder / "one.git")
    made.put("a.txt", "1\n")
    made.commit()
    return folder, certificate(folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, hosts: tuple[Path, Path]) -> Iterator[World]:
    data = tmp_path_factory.mktemp("fetched") / "data"
    with world_in(data, code_networks="127.0.0.0/8", code_ca=hosts[1]) as made:
        yield made


@pytest.fixture
def client(world: World) -> httpx.Client:
    return world.client("owner")


def fetched(client: httpx.Client, repository: str) -> tuple[int, str]:
    """The status of a fetch, and how many files the repository's tree has then, or what is said."""
    answer = client.post(f"{BASE}/{repository}/fetch")
    if answer.status_code != 200:
        return answer.status_code, str(answer.json()["got"])
    tree = client.get(f"{BASE}/{repository}/tree").json()
    return 200, str(len(tree["entries"]))


def test_a_host_is_believed_for_a_certificate_of_the_authority_named_and_no_other(
    client: httpx.Client, hosts: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, own = hosts
    known, strange = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    known.load_cert_chain(own, folder / "key.pem")
    strange.load_cert_chain(certificate(tmp_path), tmp_path / "key.pem")
    for name, context, expected in (("https/known", known, 200), ("https/strange", strange, 502)):
        hub = Hub(folder, context)
        try:
            repository = mirrored(client, name, f"{hub.url}/one.git")
            status, told = fetched(client, repository)
        finally:
            hub.close()
        assert (status, told == "1") == (expected, expected == 200), told
        assert ("certificate" in told) == (expected == 502), told
        assert bool(hub.asked) == (expected == 200)


def test_a_deploy_key_opens_a_host_whose_own_key_stays_the_one_first_seen(
    client: httpx.Client, hosts: tuple[Path, Path]
) -> None:
    folder, _ = hosts
    own, known = key()
    host = SshHost(folder, known)
    port = host.port
    try:
        url = f"ssh://git@127.0.0.1:{port}/one.git"
        repository = mirrored(client, "ssh/known", url, deploy_key=own)
        assert fetched(client, repository) == (200, "1")
        assert client.get(f"{BASE}/{repository}").json()["host_keys"] == [host.fingerprint]
        for name, other in (("ssh/strange", {"deploy_key": key()[0]}), ("ssh/none", {})):
            status, told = fetched(client, mirrored(client, name, url, **other))
            assert (status, "Permission denied" in told) == (502, True), told
    finally:
        host.close()
    # Somebody else answers there now: with another key of the host, which lets the same deploy key in.
    host = SshHost(folder, known, port)
    try:
        status, told = fetched(client, repository)
        assert (status, "verification failed" in told) == (502, True), told
        mirrored(client, "ssh/known", url.replace("/one.git", "/./one.git"), deploy_key=own)
        assert fetched(client, repository) == (200, "1")
    finally:
        host.close()
