"""The interface as it is served: to whom, with which headers, and what stays other protocols' and pages'."""

from __future__ import annotations

import gzip
import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from support.world import World, world_in
from vestige.api.sign_in import LONGEST_ONWARD, onward_of
from vestige.web import POLICY, Interface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = "<!doctype html><title>the interface</title>"
SCRIPT = "export const a = 1;\n" * 50
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("interface") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "static"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text(PAGE)
    (root / "assets" / "index-1a2b.js").write_text(SCRIPT)
    return root


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, headers=BROWSER, timeout=60) as made:
        yield made


@pytest.fixture
def browser(world: World, client: httpx.Client, static: Path) -> httpx.Client:
    world.api.state.interface = Interface(static)
    client.cookies.clear()
    return client


def raw(world: World, method: str, target: str) -> tuple[int, dict[str, str], str]:
    """A request whose target is sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(world.url).netloc, timeout=60)
    connection.request(method, target, headers=BROWSER)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.mark.parametrize("path", ["/ui/", "/ui/timeline?q=a", "/ui/verify", "/ui/cases/01J", "/ui/logins"])
def test_whoever_comes_is_given_the_page_and_nobody_is_asked_who_they_are(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers.get_list("content-security-policy") == [POLICY]
    assert answer.headers.get_list("cache-control") == ["no-cache"]
    assert (answer.headers["x-frame-options"], answer.headers["x-content-type-options"]) == ("DENY", "nosniff")
    assert "set-cookie" not in answer.headers
    again = browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")


def test_what_the_policy_lets_a_page_do() -> None:
    parts = dict(part.strip().split(" ", 1) for part in POLICY.split(";"))
    assert parts["default-src"] == parts["base-uri"] == parts["frame-ancestors"] == "'none'"
    assert parts["script-src"] == parts["connect-src"] == parts["form-action"] == "'self'"
    assert not [one for one in ("unsafe", "http", "*") if one in POLICY]


def test_an_asset_is_kept_for_a_year(browser: httpx.Client) -> None:
    answer = browser.get("/ui/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.text) == (200, SCRIPT)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    packed = browser.get("/ui/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", SCRIPT)
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), mtime=0)) < len(SCRIPT)


@pytest.mark.parametrize("path", ["/ui/", "/ui/assets/index-1a2b.js"])
def test_head_is_told_what_get_would_be(world: World, browser: httpx.Client, path: str) -> None:
    got, head = browser.get(path), browser.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "cache-control", "content-security-policy"):
        assert head.headers[name] == got.headers[name], name
    # A connection that stays open is not out of step afterwards.
    assert browser.get(path).text == got.text
    del world


@pytest.mark.parametrize(
    "path",
    [
        *("/ui/assets/index-0000.js", "/ui/assets/", "/ui/assets/.built-from", "/ui/assets/index-1a2b.js/x"),
        *("/ui/../index.html", "/ui/..%2f..%2fetc/passwd", "/ui/%2e%2e/%2e%2e/etc/passwd", "/ui/a%5c..%5cb"),
        *("/ui/assets/../../__init__.py", "/ui/assets/%2e%2e/index.html", "/ui/%00", "/ui/a%0d%0ab", "/ui/a%7f"),
    ],
)
def test_nothing_else_is_there(world: World, browser: httpx.Client, path: str) -> None:
    del browser
    for method in ("GET", "HEAD"):
        status, headers, body = raw(world, method, path)
        assert status == 404, path
        assert PAGE not in body
        assert headers["cache-control"] == "no-store"
        assert "script" not in headers["content-security-policy"]


def test_the_pages_of_our_own_stay_what_they_are(browser: httpx.Client) -> None:
    assert "Sign in" in browser.get("/ui/login").text
    assert "script" not in browser.get("/ui/login").headers["content-security-policy"]
    for path in ("/ui/login/nothing", "/ui/login/assets/index-1a2b.js"):
        answer = browser.get(path)
        assert (answer.status_code, PAGE in answer.text) == (404, False)
    answer = browser.head("/ui/login")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    answer = browser.post("/ui/timeline")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_browser_is_sent_from_the_root_to_the_interface(browser: httpx.Client) -> None:
    for answer in (browser.get("/"), browser.head("/"), browser.get("/ui"), browser.head("/ui")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/")


def test_elasticsearchs_clients_are_answered_at_the_root_as_ever(world: World, browser: httpx.Client) -> None:
    token = world.client("owner").headers["Authorization"]
    kind = "application/vnd.elasticsearch+json; compatible-with=9"
    with httpx.Client(base_url=world.url) as client:
        for accept in (kind, "application/json", "*/*"):
            answer = client.get("/", headers={"Accept": accept, "Authorization": token})
            assert (answer.status_code, answer.headers["x-elastic-product"]) == (200, "Elasticsearch")
            assert answer.json()["tagline"] == "You Know, for Search"
            assert client.head("/", headers={"Accept": accept, "Authorization": token}).status_code == 200
            assert client.get("/", headers={"Accept": accept}).status_code == 401
    # Whoever says who they are speaks that protocol, whatever else they would read.
    assert browser.get("/", headers={"Authorization": token}).json()["name"] == "vestige"


def test_what_is_not_built_says_how_it_is(world: World, browser: httpx.Client, tmp_path: Path) -> None:
    world.api.state.interface = Interface(tmp_path / "nothing")
    for path in ("/ui/", "/ui/timeline", "/ui/assets/index-1a2b.js"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert "<code>make ui</code>" in answer.text
        assert "Node 20.19" in answer.text
    assert browser.get("/ui/login").status_code == 200


@pytest.mark.parametrize("built", [False, True])
def test_doctor_says_whether_it_is_built(
    world: World, static: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: bool
) -> None:
    monkeypatch.setattr("vestige.app.installation.STATIC", static if built else tmp_path)
    (told,) = [one for one in world.client("here").get("/v1/doctor").json() if one["name"] == "interface"]
    assert told["ok"] is built
    assert ("make ui" in told.get("hint", "")) is not built


@pytest.mark.parametrize(
    "onward",
    [
        *("/ui/", "/ui/login", "/ui/login/device?user_code=BCDF-GHJK", "/ui/cases/01J/report", "/ui/verify?of=a//b"),
        "/ui/timeline?q=user:bob%20-outcome:failure&from=2026-01-01T00:00:00Z&to=now%2B1h",
        *("/ui/entities/ip%3A203.0.113.7", "/ui/search/%C3%A9", "/ui/a?" + "b" * (LONGEST_ONWARD - 6)),
    ],
)
def test_a_sign_in_goes_on_to_addresses_of_the_interface(browser: httpx.Client, onward: str) -> None:
    assert onward_of(onward) == onward
    page = browser.get("/ui/login", params={"onward": onward})
    assert page.status_code == 200
    assert f'name="onward" value="{onward.replace("&", "&amp;")}"' in page.text


@pytest.mark.parametrize(
    "onward",
    [
        *("", "/", "/ui", "//x", "/\\x", "\\\\x", "https://x/", "javascript:alert(1)", "/v1/people", "ui/x", "%2fui/x"),
        *("/ui//x", "/ui/..//x", "/ui/../v1", "/ui/.", "/ui/a/..", "/ui/%2e%2e/x", "/ui/.%2E/x", "/ui/%2f/x"),
        *("/ui/a%2f%2fx", "/ui/%5cx", "/ui/a\\x", "/ui/%00", "/ui/%0d%0ax", "/ui/x\n", "/ui/x y", "/ui/x#y", "/ui/é"),
        *("/ui/x?a=\r\nb", "/ui/x?a\\b", "/ui/login?x=1", "/ui/login/openid", "/ui/login/out", "/ui/%6cogin/openid"),
        *("/ui/login/", "/UI/x", "/ui/a?" + "b" * (LONGEST_ONWARD - 5)),
    ],
)
def test_a_sign_in_goes_on_to_no_other_place(browser: httpx.Client, onward: str) -> None:
    assert onward_of(onward) == ""
    assert 'name="onward" value=""' in browser.get("/ui/login", params={"onward": onward}).text
