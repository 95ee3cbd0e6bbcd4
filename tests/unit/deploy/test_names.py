"""Every setting, route, port and file that deploy/ and its page speak of is one that there is."""

from __future__ import annotations

import re

import pytest

from support.deploying import DEPLOY, ROOT, routes, unknown_settings

FILES = [*(path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and "secrets" not in path.parts)]
PAGES = [ROOT / "docs" / "deployment.md", ROOT / "docs" / "sizing.md"]


def test_every_setting_is_one_the_product_knows() -> None:
    found = {path: unknown_settings(path.read_text(encoding="utf-8")) for path in [*FILES, *PAGES]}
    assert {path.name: names for path, names in found.items() if names} == {}
    assert sum("VESTIGE_" in path.read_text(encoding="utf-8") for path in FILES) >= 6


@pytest.mark.parametrize("name", ["VESTIGE_DATABSE_URL", "VESTIGE_PORT_FILE", "VESTIGE_REPLICAS"])
def test_another_is_noticed(name: str) -> None:
    assert unknown_settings(f"a: {name}\n") == {name.removeprefix("VESTIGE_")}
    assert unknown_settings("VESTIGE_DATABASE_URL VESTIGE_DATABASE_URL_FILE VESTIGE_PORT VESTIGE_%s") == set()


ROUTE = re.compile(r"(?<![\w/.}])(/(?:healthz|readyz|metrics|health|ready|v1/[\w/]+))\b")


def test_every_route_is_one_the_server_has() -> None:
    named = {route for path in [*FILES, *PAGES] for route in ROUTE.findall(path.read_text(encoding="utf-8"))}
    assert {"/healthz", "/readyz", "/metrics"} <= named
    assert named - routes() == set()
    assert set(ROUTE.findall("path: /health\n")) - routes() == {"/health"}


PORT = re.compile(r"(?:[pP]ort: |EXPOSE |PORT=|VESTIGE_PORT\n +value: \"|@\w+:|127\.0\.0\.1:|:(?=\d+\"\]))(\d+)")


def test_every_port_is_one_that_something_listens_on() -> None:
    ports = {port for path in FILES for port in PORT.findall(path.read_text(encoding="utf-8"))}
    # The server's own; HTTP and DNS of a cluster; PostgreSQL; ClickHouse, in clear and over TLS.
    assert ports == {"8080", "80", "53", "5432", "8123", "8443"}
    assert PORT.findall("containerPort: 808") == PORT.findall("EXPOSE 808") == ["808"]


def test_every_file_that_is_spoken_of_is_there() -> None:
    for path in PAGES:
        named = set(re.findall(r"\bdeploy/[\w./-]*\w", path.read_text(encoding="utf-8"))) - {"deploy/secrets"}
        assert [one for one in named if not (ROOT / one).exists() and not one.startswith("deploy/secrets/")] == []
