"""What every answer tells a browser, TLS without a proxy, other origins, the contact; and secrets are never said."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI

from support.folders import bytes_of
from support.program import Running, Vestige, ended, environment, serving
from vestige.api.hardening import HEADERS, harden, origins_of
from vestige.model.errors import SettingsError
from vestige.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "https://console.example"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(cert), *subject], check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pair: tuple[Path, Path]) -> Iterator[Running]:
    with serving(
        tmp_path_factory.mktemp("hardened") / "data",
        VESTIGE_TLS_CERT=str(pair[0]),
        VESTIGE_TLS_KEY=str(pair[1]),
        VESTIGE_CORS_ORIGINS=f"{ORIGIN}, http://localhost:3000",
        VESTIGE_SECURITY_CONTACT="mailto:security@example.org",
        VESTIGE_LINT_PERSONAL_DATA="1",
        VESTIGE_LIMIT_HEADER_SECONDS="1",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running, pair: tuple[Path, Path]) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(pair[0]))
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, verify=context, timeout=60) as client:
        yield client


@pytest.mark.parametrize("path", ["/healthz", "/v1/timeline", "/v1/openapi.json", "/nowhere", "/timeline?limit=0"])
def test_every_answer_bears_the_headers(client: httpx.Client, path: str) -> None:
    for answer in (client.get(path), client.get(path, headers={"Authorization": "Bearer vst_no"})):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"]


def test_a_header_an_answer_has_already_stays(client: httpx.Client) -> None:
    assert client.get("/timeline").headers["cache-control"] == "private, no-cache"
    assert client.get("/healthz").headers["cache-control"] == "no-store"


def test_a_failure_of_the_server_bears_them_too() -> None:
    api = FastAPI()

    @api.get("/fails")
    def fails() -> None:
        raise RuntimeError

    harden(api, Settings())

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/fails")

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "strict-transport-security" not in answer.headers


def test_only_named_origins_may_read(client: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    named = client.options("/timeline/events", headers={"Origin": ORIGIN} | asked)
    assert (named.status_code, named.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "access-control-allow-credentials" not in named.headers
    assert client.get("/healthz", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
    other = client.options("/timeline/events", headers={"Origin": "https://evil.example"} | asked)
    assert "access-control-allow-origin" not in other.headers
    assert "access-control-allow-origin" not in client.get("/healthz", headers={"Origin": "null"}).headers


@pytest.mark.parametrize("setting", ["*", "console.example", "https://a.example/path", "https://*.example", "null"])
def test_what_is_no_origin_is_refused(setting: str) -> None:
    with pytest.raises(SettingsError, match="no origin"):
        origins_of(setting)
    assert origins_of(" https://a.example:8443 ,http://[::1]:3000,") == ["https://a.example:8443", "http://[::1]:3000"]


def test_the_contact_is_told(client: httpx.Client) -> None:
    answer = client.get("/.well-known/security.txt", headers={"Authorization": ""})
    assert answer.headers["content-type"].startswith("text/plain")
    assert re.fullmatch(r"Contact: mailto:security@example\.org\nExpires: [0-9T:-]+Z\n", answer.text)


def test_a_warning_of_personal_data_is_in_the_answer_and_nowhere_else(client: httpx.Client) -> None:
    event = {"timestamp": "2025-11-01T10:00:00Z", "category": "acme.x", "details": {"who": "jane@example.org"}}
    told = client.post("/timeline/events", json=event)
    assert told.status_code == 201
    (one,) = told.json()["results"]
    assert one["warnings"] == [{"field": "details.who", "rule": "email", "about": "an e-mail address"}]
    assert "warnings" not in client.get(f"/timeline/{one['id']}").json()


def test_a_command_speaks_tls(server: Running, pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert server.url.startswith("https://")
    done = subprocess.run(
        [sys.executable, "-m", "vestige", "doctor", "--server", server.url, "--token", str(server.token)],
        env=environment(SSL_CERT_FILE=str(pair[0])),
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert b"ledger" in done.stdout, done.stderr


def test_a_slow_client_over_tls_is_cut(server: Running, pair: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(cafile=str(pair[0]))
    port = int(server.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as bare,
        context.wrap_socket(bare, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        assert wrapped.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_handshake_that_does_not_come_is_cut(server: Running) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=50) as bare:
        assert bare.recv(1) == b""
    assert time.monotonic() - begun < 45  # asyncio's own bound is 60 s, the setting here 1 s


def test_a_certificate_that_cannot_be_used_is_refused_at_the_start(pair: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = pair
    for env in (
        {"VESTIGE_TLS_CERT": str(cert)},
        {"VESTIGE_TLS_CERT": str(cert), "VESTIGE_TLS_KEY": str(tmp_path / "none")},
        {"VESTIGE_TLS_CERT": str(key), "VESTIGE_TLS_KEY": str(key)},
    ):
        with pytest.raises(SettingsError, match="TLS"):
            load(env, data=tmp_path)
    assert load({"VESTIGE_TLS_CERT": str(cert), "VESTIGE_TLS_KEY": str(key)}, data=tmp_path).tls_cert == cert
    locked = tmp_path / "locked.pem"
    made = ["openssl", "ec", "-in", str(key), "-out", str(locked), "-aes256", "-passout", "pass:x"]
    subprocess.run(made, check=True, capture_output=True)
    with pytest.raises(SettingsError, match="TLS"):
        load({"VESTIGE_TLS_CERT": str(cert), "VESTIGE_TLS_KEY": str(locked)}, data=tmp_path)


@pytest.mark.parametrize(("name", "value"), [("LOG_LEVEL", "loud"), ("LINT_PERSONAL_DATA", "2"), ("LOG_LEVEL", "")])
def test_a_switch_of_no_meaning_is_refused(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=name.lower()):
        load({f"VESTIGE_{name}": value}, data=tmp_path)


@pytest.mark.parametrize(("name", "value"), [("CORS_ORIGINS", "*"), ("SECURITY_CONTACT", "call me")])
def test_a_server_does_not_start_with_a_setting_of_no_meaning(name: str, value: str, tmp_path: Path) -> None:
    done = Vestige(tmp_path / "data").run("up", "--port", "0", stdin=b"", **{f"VESTIGE_{name}": value})
    assert done.returncode == 2
    assert name.lower().encode() in done.stderr


def test_without_settings_there_is_no_tls_no_other_origin_and_no_contact(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running, httpx.Client(base_url=running.url) as client:
        answer = client.get("/healthz", headers={"Origin": ORIGIN})
        assert "strict-transport-security" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert client.options("/healthz", headers={"Origin": ORIGIN}).status_code == 405
        assert client.get("/.well-known/security.txt").status_code == 404
        refused = Vestige(tmp_path / "other").run("up", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - refused
        assert refused.returncode == 2
        assert b"VESTIGE_TLS_CERT" in refused.stderr


def test_no_secret_is_said_at_the_debug_level(tmp_path: Path) -> None:
    kek = base64.b64encode(os.urandom(32)).decode()
    secrets = {name: f"{name}-{os.urandom(12).hex()}" for name in ("git", "github", "gitlab", "okta", "slack")}
    data = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-m", "vestige", "up", "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(
            VESTIGE_LOG_LEVEL="debug",
            VESTIGE_KEY_ENCRYPTION_KEY=kek,
            **{f"VESTIGE_WEBHOOK_{name.upper()}_SECRET": value for name, value in secrets.items()},
        ),
    )
    assert process.stdout is not None
    url = process.stdout.readline().decode().split()[-1]
    token = process.stdout.readline().decode().strip()
    wrong = token[:-8] + "AAAAAAAA"
    with httpx.Client(base_url=url, timeout=60) as client:
        for one in (token, wrong):
            for header in (
                f"Bearer {one}",
                f"Splunk {one}",
                f"ApiKey {one}",
                "Basic " + base64.b64encode(f"x:{one}".encode()).decode(),
            ):
                for path in ("/timeline", "/v1/search?q=((", "/services/collector/health", "/"):
                    client.get(path, headers={"Authorization": header})
                client.post("/services/collector", headers={"Authorization": header}, content=b"{")
                client.post("/timeline/events", headers={"Authorization": header}, content=b"\xff")
        client.get("/v1/webhooks/okta", headers={"Authorization": secrets["okta"]})
        client.post("/v1/webhooks/github", headers={"X-Hub-Signature-256": "sha256=00"}, content=b"{}")
        client.post("/v1/webhooks/slack", content=b"{}")
        client.post("/v1/webhooks/gitlab", headers={"X-Gitlab-Token": secrets["gitlab"]}, content=b"{}")
        client.post("/v1/webhooks/git", headers={"webhook-signature": "v1,00"}, content=b"{}")
        assert client.get("/timeline", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as broken:
        broken.sendall(f"GET / HTTP/9\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        time.sleep(0.5)
    out, errors = ended(process)
    said = out + errors
    assert b"Started server process" in said  # it did speak at that level
    told = [
        name
        for name, value in {"token": token, "wrong": wrong, "kek": kek, **secrets}.items()
        if value.encode() in said
    ]
    assert told == []
    kept = bytes_of(data)
    assert token.encode() not in kept
    assert kek.encode() not in kept
