"""The compose files: read by a reader of the specification, and held to what docs/deployment.md promises of them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.deploying import DEPLOY, ComposeError, stack
from vestige.settings import load

BASE = "compose.yaml"
TEXT = (DEPLOY / BASE).read_text(encoding="utf-8")


def _of_service(name: str, service: dict[str, Any]) -> list[str]:
    alone, environ = name != "vestige", service.get("environment", {})
    wrong = {
        "its file system can be written": not service.get("read_only"),
        "has capabilities": service.get("cap_drop") != ["ALL"] or service.get("cap_add"),
        "can gain privileges": "no-new-privileges:true" not in service.get("security_opt", []),
        "is not kept apart": service.get("privileged") or service.get("network_mode") or service.get("pid"),
        "an image without a tag": ":" not in service["image"],
        "can be reached from outside": alone and (service.get("ports") or service["networks"] != ["stores"]),
        "nobody looks whether it is ready": alone and "healthcheck" not in service,
        "a password in the environment": any("PASSWORD" in key and not key.endswith("_FILE") for key in environ),
    }
    return [f"{name}: {told}" for told, is_so in wrong.items() if is_so]


def faults(found: dict[str, Any]) -> list[str]:
    """Services that could do more than they need, and doors that nobody asked for."""
    told = [fault for name, service in found["services"].items() for fault in _of_service(name, service)]
    vestige = found["services"]["vestige"]
    if "--insecure" in vestige["command"]:
        told += [f"published to all: {port}" for port in vestige["ports"] if not port.startswith("127.0.0.1:")]
    told += [
        f"does not wait for {name}"
        for name in set(found["services"]) - {"vestige"}
        if vestige["depends_on"].get(name, {}).get("condition") != "service_healthy"
    ]
    if not found["networks"]["stores"].get("internal"):
        told.append("the stores' network leads outside")
    durable = {f"{setting}=on" for setting in ("fsync", "synchronous_commit", "full_page_writes")}
    return told + sorted(durable - set(found["services"]["database"]["command"]))


@pytest.mark.parametrize("names", [(BASE,), (BASE, "compose.clickhouse.yaml"), (BASE, "compose.tls.yaml")], ids=len)
def test_the_stack_is_what_is_promised(names: tuple[str, ...]) -> None:
    assert faults(stack(*names, PUBLIC_URL="https://vestige.example.org")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("read_only: true", "read_only: false"),
        ("cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        ("cap_drop: [ALL]", "cap_drop: [ALL]\n    cap_add: [SYS_ADMIN]"),
        ('security_opt: ["no-new-privileges:true"]', "privileged: true"),
        ('"127.0.0.1:${PORT:-8080}:8080"', '"8080:8080"'),
        ("networks: [stores]", "networks: [stores, outside]"),
        ("condition: service_healthy", "condition: service_started"),
        ("internal: true", "internal: false"),
        ("fsync=on", "fsync=off"),
        ("POSTGRES_PASSWORD_FILE: /run/secrets/database_superuser_password", "POSTGRES_PASSWORD: secret"),
        ("image: postgres:17-bookworm", "image: postgres"),
    ],
)
def test_a_stack_that_is_not_is_noticed(old: str, new: str) -> None:
    assert old in TEXT
    assert faults(stack(BASE, text=TEXT.replace(old, new))) != []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cap_drop:", "cap_dorp:", "cap_dorp"),
        ("read_only: true", "read_only: perhaps", "boolean"),
        ("- database_url\n", "- database_ulr\n", "database_ulr"),
        ("- signer:/var", "- singer:/var", "singer"),
        ("./postgres/roles.sh", "./postgres/rolls.sh", "rolls.sh"),
        ("networks: [outside, stores]", "networks: [outsides, stores]", "outsides"),
        ("${PUBLIC_URL:-http://127.0.0.1:${PORT:-8080}}", "${PUBLIC_URL}", "PUBLIC_URL is not set"),
    ],
)
def test_a_file_that_compose_would_refuse_is_refused(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(ComposeError, match=said):
        stack(BASE, text=TEXT.replace(old, new))


def test_another_port_is_the_address_that_browsers_are_told() -> None:
    found = stack(BASE, PORT="9000")["services"]["vestige"]
    assert found["ports"] == ["127.0.0.1:9000:8080"]
    assert found["environment"]["VESTIGE_PUBLIC_URL"] == "http://127.0.0.1:9000"


def test_https_needs_the_address_it_is_for() -> None:
    with pytest.raises(ComposeError, match="PUBLIC_URL is not set"):
        stack(BASE, "compose.tls.yaml")
    found = stack(BASE, "compose.tls.yaml", PUBLIC_URL="https://vestige.example.org")["services"]["vestige"]
    assert (found["command"], found["ports"]) == (["up"], ["443:8080"])
    assert found["environment"]["VESTIGE_TLS_CERT"] == "/run/secrets/tls_cert"


def test_the_settings_are_understood_with_the_secrets_that_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = subprocess.run([DEPLOY / "secrets.sh", folder], capture_output=True, text=True, check=True)
    assert "keep a copy" in made.stderr
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    found = stack(BASE, "compose.clickhouse.yaml")
    files = {Path(one["file"]).name for one in found["secrets"].values()}
    assert files == {path.name for path in folder.iterdir()}
    environ = {
        name: value.replace("/run/secrets", str(folder))
        for name, value in found["services"]["vestige"]["environment"].items()
    }
    settings = load(environ, data=tmp_path / "data")
    owner, app = ((folder / f"database_{one}_password").read_text() for one in ("owner", "app"))
    assert len(owner) == len(app) == 64
    assert owner != app
    assert settings.database_url == f"postgresql://vestige_app:{app}@database/vestige"
    assert settings.database_owner_url == f"postgresql://vestige_owner:{owner}@database/vestige"
    assert settings.index_url.endswith("@clickhouse:8123/vestige")
    assert settings.public_url == "http://127.0.0.1:8080"
    again = subprocess.run([DEPLOY / "secrets.sh", folder], capture_output=True, text=True, check=True)
    assert "stays as it is" in again.stderr
    assert (folder / "database_owner_password").read_text() == owner


def test_each_secret_is_shown_to_who_needs_it_alone() -> None:
    services = stack(BASE, "compose.clickhouse.yaml")["services"]
    for service in services.values():
        named = {value.removeprefix("/run/secrets/") for value in service["environment"].values() if "/run/" in value}
        roles = (
            {"database_owner_password", "database_app_password"} if "POSTGRES_DB" in service["environment"] else set()
        )
        assert set(service["secrets"]) == named | roles
    script = (DEPLOY / "postgres" / "roles.sh").read_text()
    assert all(f"$SECRETS/{name}" in script for name in ("database_owner_password", "database_app_password"))
