"""Signing in by way of an OpenID provider: a real one, over TLS, and everything it or a browser might do otherwise."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from support.forms import hidden
from support.openid import CLIENT, SECRET, OpenIdProvider, openid_provider, settings_file
from support.world import World, world_in
from vestige.access import oidc, oidc_logins
from vestige.access.oidc_store import BEGUN_SECONDS
from vestige.access.roles import Role
from vestige.api.callers import FRESH_SECONDS
from vestige.model.instant import now

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = "correct horse battery staple"
PUBLIC = "http://vestige.test"
BACK = f"{PUBLIC}/ui/login/openid/callback"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, OpenIdProvider]]:
    folder = tmp_path_factory.mktemp("openid")
    with openid_provider(folder, BACK) as provider:
        file = settings_file(folder, provider.url, subjects={"subject-far": "bob@example.org"})
        settings: dict[str, Any] = {"public_url": PUBLIC, "oidc_file": file, "limit_sign_ins": 0}
        with world_in(folder / "data", **settings) as world:
            for email in ("ann@example.org", "bob@example.org"):
                world.admit(email, "investigator", GOOD)
            yield world, provider


@pytest.fixture
def world(made: tuple[World, OpenIdProvider]) -> World:
    return made[0]


@pytest.fixture
def provider(made: tuple[World, OpenIdProvider]) -> Iterator[OpenIdProvider]:
    """The provider as it should be, and again so after."""
    world, provider = made
    yield provider
    provider.user, provider.more, provider.change, provider.describe = "ann", {}, dict, dict
    provider.proved_at = 0
    provider.tell = dict
    provider.provider.signing_key = provider.keys[0]
    provider.users["ann"].update({"sub": "subject-ann", "email": "Ann@Example.org", "email_verified": True})
    assert world.installation.openid is not None
    client = world.installation.openid._clients["default"]
    client._metadata_until = client._keys_at = 0.0
    with world.installation.db.write() as connection:
        connection.execute(sa.text("DELETE FROM access_identities"))


@pytest.fixture
def browser(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, timeout=60) as client:
        yield client


def sent(browser: httpx.Client, onward: str = "") -> str:
    """Begin: the URL of the provider."""
    answer = browser.get("/ui/login/openid", params={"onward": onward})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def brought(url: str) -> dict[str, str]:
    """Be at the provider, and say yes: what the browser brings back."""
    answer = httpx.get(url, verify=False)  # noqa: S501 - its certificate is the provider's own
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(BACK)
    return dict(parse_qsl(urlsplit(location).query))


def back(browser: httpx.Client, told: dict[str, str]) -> httpx.Response:
    return browser.get("/ui/login/openid/callback", params=told)


def signed_in(browser: httpx.Client, onward: str = "") -> httpx.Response:
    return back(browser, brought(sent(browser, onward)))


def last(world: World, action: str = "login.*") -> dict[str, Any]:
    return world.acts(action)[-1]


def test_whom_the_provider_vouches_for_is_signed_in(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    answer = signed_in(browser, "/ui/login/device?user_code=BCDF-GHJK")
    assert answer.status_code == 200, answer.text
    assert 'content="0; url=/ui/login/device?user_code=BCDF-GHJK"' in answer.text
    assert browser.get("/v1/whoami").json()["name"] == "ann@example.org"
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("vestige_session=")]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    entry = last(world, "login.succeeded")
    assert (entry["actor"], entry["resource"]) == ("ann@example.org", "person:ann@example.org")
    assert entry["detail"] == {"by": "openid", "issuer": provider.url, "subject": "subject-ann"}
    (exchange,) = [asked for path, asked in provider.seen[-4:] if path == "/token"]
    assert {"code_verifier", "code", "redirect_uri"} <= set(exchange)


def test_what_is_asked_of_the_provider_is_bound_to_the_browser(world: World, browser: httpx.Client) -> None:
    asked = dict(parse_qsl(urlsplit(sent(browser)).query))
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", CLIENT, BACK)
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid email profile", "S256")
    again = dict(parse_qsl(urlsplit(sent(browser)).query))
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 43
        assert asked[name] != again[name]
    answer = browser.get("/ui/login/openid")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", "Path=/ui/login/openid"} <= {part.strip() for part in cookie.split(";")}
    assert cookie.split("=", 1)[1].split(";")[0] not in answer.headers["location"]
    with world.installation.db.read() as connection:
        rows = connection.execute(sa.text("SELECT digest, browser, onward FROM access_oidc_logins")).all()
    assert again["state"].encode() not in b"".join(bytes(row.digest) + bytes(row.browser) for row in rows)


def test_whoever_must_prove_it_anew_is_asked_to_by_the_provider_too(browser: httpx.Client) -> None:
    page = browser.get("/ui/login", params={"again": "1"}).text
    (path,) = re.findall(r'href="(/ui/login/openid[^"]*)"', page)
    for query, prompt, age in ((path.replace("&amp;", "&"), "login", 0), ("/ui/login/openid", "", 12 * 3600)):
        asked = dict(parse_qsl(urlsplit(browser.get(query).headers["location"]).query))
        assert (asked.get("prompt", ""), asked["max_age"]) == (prompt, str(age))


@pytest.mark.parametrize(("ago", "fresh"), [(0, True), (FRESH_SECONDS - 60, True), (FRESH_SECONDS + 60, False)])
def test_whom_a_provider_knew_still_is_signed_in_and_lets_no_program_in(
    world: World, provider: OpenIdProvider, browser: httpx.Client, ago: int, fresh: bool
) -> None:
    """The proof counts from when it was given: a provider that asks nobody anew makes no sign-in fresh."""
    provider.proved_at = int(time.time()) - ago
    assert signed_in(browser).status_code == 200
    assert browser.get("/v1/whoami").status_code == 200
    code = httpx.post(f"{world.url}/v1/login/device", json={}).json()["user_code"]
    page = browser.get("/ui/login/device", params={"user_code": code})
    assert (page.status_code, "again=1" in page.headers.get("location", "")) == ((200, False) if fresh else (303, True))
    provider.proved_at = 0
    assert signed_in(browser).status_code == 200
    page = browser.get("/ui/login/device", params={"user_code": code})
    told = hidden(page)
    if not fresh:
        with world.installation.db.write() as connection:
            back = {"by": (FRESH_SECONDS + 60) * 10**9}
            connection.execute(sa.text("UPDATE access_sessions SET proved_at = proved_at - :by"), back)
    done = browser.post("/ui/login/device", data=told | {"decision": "approve"})
    assert done.status_code == (200 if fresh else 303)


def test_a_provider_that_is_slow_does_not_hold_every_thread(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    assert world.installation.openid is not None
    client, told = world.installation.openid._clients["default"], brought(sent(browser))
    with contextlib.ExitStack() as held:
        for _ in range(oidc.AT_ONCE):
            held.enter_context(client._turn())
        assert browser.get("/ui/login/openid").status_code == 503
        assert back(browser, told).status_code == 503
    assert signed_in(browser).status_code == 200
    assert provider.url


@pytest.mark.parametrize("reset", [False, True])
def test_a_reset_ends_a_session_whose_sign_in_it_came_after(
    world: World, provider: OpenIdProvider, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch, reset: bool
) -> None:
    before, again = oidc_logins.OpenIdLogins.finish, list[str]()

    def finished(*args: Any) -> Any:
        found = before(*args)
        if reset:
            again.append(world.client("admin").post("/v1/people/ann@example.org/reset").json()["token"])
        return found

    monkeypatch.setattr(oidc_logins.OpenIdLogins, "finish", finished)
    assert signed_in(browser).status_code == 200
    assert browser.get("/v1/whoami").status_code == (401 if reset else 200)
    assert provider.user == "ann"
    for token in again:
        world.client("here").post("/v1/people/accept", json={"token": token, "password": GOOD}).raise_for_status()


def refused(world: World, browser: httpx.Client, told: dict[str, str], status: int = 401) -> str:
    """Come back and be refused; nothing of it is in the ledger, and nobody is signed in."""
    head = world.head
    answer = back(browser, told)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "vestige_session" not in answer.headers.get("set-cookie", "")
    assert browser.get("/v1/whoami").status_code == 401
    assert world.head == head
    return answer.text


def test_a_state_is_brought_back_once(world: World, provider: OpenIdProvider, browser: httpx.Client) -> None:
    told = brought(sent(browser))
    cookies = dict(browser.cookies)
    assert back(browser, told).status_code == 200
    browser.cookies.clear()
    browser.cookies.update(cookies)
    refused(world, browser, told)
    asked = len(provider.seen)
    refused(world, browser, told | {"code": "another"})
    assert len(provider.seen) == asked


def test_a_state_counts_in_its_own_browser_only(world: World, provider: OpenIdProvider, browser: httpx.Client) -> None:
    del provider
    told = brought(sent(browser))
    with httpx.Client(base_url=world.url) as other:
        refused(world, other, told)
        sent(other)
        refused(world, other, told)
    assert back(browser, told).status_code == 200


def test_a_state_that_is_over_or_was_never_given_opens_nothing(
    world: World, provider: OpenIdProvider, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del provider
    told = brought(sent(browser))
    for state in ("", "x", told["state"][:-1], told["state"].swapcase(), "vso_" + "A" * 49):
        refused(world, browser, told | {"state": state})
    at = now() + (BEGUN_SECONDS + 1) * 10**9
    monkeypatch.setattr(oidc_logins, "now", lambda: at)
    refused(world, browser, told)


@pytest.mark.parametrize("told", [{"error": "access_denied"}, {"code": ""}, {"code": "x" * 5000}, {"code": "guessed"}])
def test_whoever_was_not_allowed_is_not_in(
    world: World, provider: OpenIdProvider, browser: httpx.Client, told: dict[str, str]
) -> None:
    del provider
    state = dict(parse_qsl(urlsplit(sent(browser)).query))["state"]
    refused(world, browser, told | {"state": state})
    assert signed_in(browser).status_code == 200


def test_an_answer_of_another_provider_is_none(world: World, provider: OpenIdProvider, browser: httpx.Client) -> None:
    told = brought(sent(browser))
    assert "another provider" in refused(world, browser, told | {"iss": "https://evil.example"})
    assert back(browser, brought(sent(browser)) | {"iss": provider.url}).status_code == 200


def described(world: World, provider: OpenIdProvider, **more: Any) -> None:
    """Let the provider say more of itself, and be asked for it anew."""
    provider.describe = lambda said: said | more
    assert world.installation.openid is not None
    world.installation.openid._clients["default"]._metadata_until = 0.0


@pytest.mark.parametrize(("declares", "status"), [(True, 401), (False, 200), (None, 200)])
def test_a_provider_that_names_itself_always_must(
    world: World, provider: OpenIdProvider, browser: httpx.Client, declares: bool | None, status: int
) -> None:
    described(world, provider, authorization_response_iss_parameter_supported=declares)
    told = brought(sent(browser))
    assert "iss" not in told
    for without in ({}, {"iss": ""}):
        told = brought(sent(browser)) | without
        if status == 401 or without:
            refused(world, browser, told)
        else:
            assert back(browser, told).status_code == status
            browser.cookies.clear()
    assert back(browser, brought(sent(browser)) | {"iss": provider.url}).status_code == 200


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"token_endpoint_auth_methods_supported": None, "id_token_signing_alg_values_supported": None}, 303),
        ({"userinfo_endpoint": None, "authorization_response_iss_parameter_supported": None}, 303),
        ({"id_token_signing_alg_values_supported": ["HS256", "RS256"]}, 303),
        ({"token_endpoint_auth_methods_supported": "client_secret_basic"}, 502),
        ({"token_endpoint_auth_methods_supported": 7}, 502),
        ({"id_token_signing_alg_values_supported": [["RS256"]]}, 502),
        ({"id_token_signing_alg_values_supported": {"RS256": 1}}, 502),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, 502),
        ({"id_token_signing_alg_values_supported": []}, 502),
        ({"authorization_response_iss_parameter_supported": "yes"}, 502),
        ({"userinfo_endpoint": ["https://a.example"]}, 502),
        ({"token_endpoint": None}, 502),
        ({"issuer": None}, 502),
    ],
)
def test_a_description_that_cannot_be_read_is_refused_and_no_failure(
    world: World, provider: OpenIdProvider, browser: httpx.Client, more: dict[str, Any], status: int
) -> None:
    described(world, provider, **more)
    begun = browser.get("/ui/login/openid")
    assert begun.status_code == status, begun.text
    checks = world.client("here").get("/v1/doctor").json()
    (check,) = [one for one in checks if one["name"] == "sign-in provider"]
    assert check["ok"] is (status == 303), check
    if status == 303:
        # Without a place to ask, nobody's address is stated; whoever comes is refused and nothing fails.
        expected = 200 if more.get("userinfo_endpoint", "") is not None else 401
        assert back(browser, brought(begun.headers["location"])).status_code == expected


class FromNow(int):
    """Seconds from when a token is made, stated as its time."""

    __slots__ = ()


def replaced(provider: OpenIdProvider, **claims: Any) -> None:
    """Let the provider state other claims, signed as its own."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        told = json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))
        at = int(time.time())
        stated = {name: at + value if isinstance(value, FromNow) else value for name, value in claims.items()}
        kept = {name: value for name, value in (told | stated).items() if value is not None}
        return answer | {"id_token": provider.signed(kept)}

    provider.change = change


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({}, ""),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": ["another"]}, "aud"),
        ({"aud": [CLIENT, "another"]}, "azp"),
        ({"aud": [CLIENT, "another"], "azp": CLIENT}, ""),
        ({"aud": [CLIENT], "azp": "another"}, "azp"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"exp": FromNow(-3600), "iat": FromNow(-7200)}, "exp"),
        ({"exp": FromNow(-10)}, ""),
        ({"iat": FromNow(3600), "exp": FromNow(7200)}, "iat"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
        ({"auth_time": None}, "auth_time"),
        ({"auth_time": FromNow(3600)}, "auth_time"),
        ({"auth_time": FromNow(-oidc.PROOF_SECONDS - 3600)}, "auth_time"),
        ({"auth_time": FromNow(-oidc.PROOF_SECONDS + 3600)}, ""),
        ({"auth_time": FromNow(30)}, ""),
        ({"sub": "somebody else"}, "UserInfo: sub"),
        ({"sub": "x" * 300}, "sub"),
    ],
)
def test_a_claim_that_does_not_hold_signs_nobody_in(
    world: World, provider: OpenIdProvider, browser: httpx.Client, claims: dict[str, Any], reason: str
) -> None:
    replaced(provider, **claims)
    told = brought(sent(browser))
    if not reason:
        assert back(browser, told).status_code == 200
        assert browser.get("/v1/whoami").json()["name"] == "ann@example.org"
        return
    head = world.head
    answer = back(browser, told)
    assert (answer.status_code, reason in answer.text) == (401, True), answer.text
    assert browser.get("/v1/whoami").status_code == 401
    entry = last(world, "login.failed")
    assert world.head == head + 1
    assert (entry["detail"]["by"], entry["detail"]["issuer"]) == ("openid", provider.url)
    assert reason in entry["detail"]["reason"]


@pytest.mark.parametrize("stated", [None, True, "1", 1.0, float("inf"), [], -1, 0, 1 << 70])
def test_a_time_of_a_proof_that_is_none_vouches_for_nobody(stated: object) -> None:
    at = int(time.time())
    with pytest.raises(oidc.VouchedForNobodyError, match="vouches for nobody"):
        oidc._proved_at(stated)
    assert oidc._proved_at(at) == at * 10**9


def plain(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def spoilt(kind: str, provider: OpenIdProvider, token: str) -> Any:
    """An ID Token that is not the provider's."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return {
        "tampered": f"{head}.{plain(claims | {'sub': 'subject-bob'})}.{signature}",
        "cut": f"{head}.{body}.{signature[:-8]}",
        "unsigned": f"{plain({'alg': 'none'})}.{body}.",
        "secret": _with_secret(plain({"alg": "HS256"}) + f".{body}"),
        "other key": provider.signed(claims, key=provider.keys[1]),
        "text": "not a token",
        "number": 7,
        "none": None,
    }[kind]


def _with_secret(text: str) -> str:
    """Signed with the secret that client and provider share: whoever it leaked to could."""
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


@pytest.mark.parametrize("kind", ["tampered", "cut", "unsigned", "secret", "other key", "text", "number", "none"])
def test_a_token_the_provider_did_not_sign_signs_nobody_in(
    world: World, provider: OpenIdProvider, browser: httpx.Client, kind: str
) -> None:
    provider.change = lambda answer: answer | {"id_token": spoilt(kind, provider, answer["id_token"])}
    answer = signed_in(browser)
    assert answer.status_code == 401, answer.text
    assert browser.get("/v1/whoami").status_code == 401
    assert last(world, "login.failed")["detail"]["by"] == "openid"
    provider.change = dict
    assert signed_in(browser).status_code == 200


def test_a_key_that_is_new_is_asked_for_but_not_for_every_token(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    assert signed_in(browser).status_code == 200
    provider.turn_key()
    assert signed_in(browser).status_code == 401
    assert world.installation.openid is not None
    world.installation.openid._clients["default"]._keys_at -= oidc.AGAIN_SECONDS
    assert signed_in(browser).status_code == 200


def test_an_address_that_is_not_verified_stands_for_nobody(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    for stated, reason in (
        ({"email_verified": False}, "not verified"),
        ({"email_verified": "false"}, "not verified"),
        ({"email_verified": 1}, "not verified"),
        ({"email_verified": None}, "not verified"),
        ({"email": "ann@elsewhere.example"}, "no domain"),
        ({"email": "ann@evil.example.org"}, "no domain"),
        ({"email": "no address"}, "no address"),
        ({"email": ""}, "no address"),
        ({"email": 7}, "no address"),
    ):
        provider.tell = lambda said, stated=stated: said | stated  # type: ignore[misc]
        answer = signed_in(browser)
        assert answer.status_code == 401, stated
        assert reason in last(world, "login.failed")["detail"]["reason"], stated
        assert browser.get("/v1/whoami").status_code == 401
    provider.tell = lambda said: said | {"email_verified": "true"}
    assert signed_in(browser).status_code == 200


def test_who_is_not_known_here_is_not_in(world: World, provider: OpenIdProvider, browser: httpx.Client) -> None:
    provider.user = "new"
    answer = signed_in(browser)
    assert answer.status_code == 401
    assert "invite" in answer.text
    entry = last(world, "login.failed")
    assert (entry["detail"]["reason"], entry["resource"]) == ("unknown", "person:new@example.org")
    assert entry["detail"]["subject"] == "subject-new"
    assert "new@example.org" not in world.client("here").get("/v1/people").text


def test_a_subject_is_the_person_it_was_first_whatever_address_it_states(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    assert signed_in(browser).status_code == 200
    provider.users["ann"]["email"] = "bob@example.org"
    assert signed_in(browser).status_code == 200
    assert browser.get("/v1/whoami").json()["name"] == "ann@example.org"
    provider.users["ann"].update({"sub": "subject-other", "email": "ann@example.org"})
    browser.cookies.clear()
    assert signed_in(browser).status_code == 401
    assert "another subject" in last(world, "login.failed")["detail"]["reason"]
    # Whoever manages people can let them begin anew.
    world.client("admin").post("/v1/people/ann@example.org/reset").raise_for_status()
    assert signed_in(browser).status_code == 200
    token = world.client("admin").post("/v1/people/ann@example.org/reset").json()["token"]
    world.client("here").post("/v1/people/accept", json={"token": token, "password": GOOD}).raise_for_status()


def test_a_subject_that_is_named_is_the_person_named(provider: OpenIdProvider, browser: httpx.Client) -> None:
    provider.user = "far"
    assert signed_in(browser).status_code == 200
    assert browser.get("/v1/whoami").json()["name"] == "bob@example.org"
    provider.users["far"]["sub"] = "subject-else"
    assert signed_in(browser).status_code == 401
    provider.users["far"]["sub"] = "subject-far"


def test_who_was_removed_is_not_let_in_again_by_a_provider(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    token = (
        world.client("owner").post("/v1/people", json={"email": "new@example.org", "role": "auditor"}).json()["token"]
    )
    world.client("here").post("/v1/people/accept", json={"token": token, "password": GOOD}).raise_for_status()
    provider.user = "new"
    assert signed_in(browser).status_code == 200
    world.client("owner").delete("/v1/people/new@example.org").raise_for_status()
    assert browser.get("/v1/whoami").status_code == 401
    assert signed_in(browser).status_code == 401
    with world.installation.db.write() as connection:
        connection.execute(sa.text("DELETE FROM access_people WHERE email = 'new@example.org'"))


def test_an_account_is_made_only_where_the_settings_name_a_role(
    world: World, provider: OpenIdProvider, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.installation.openid is not None
    client = world.installation.openid._clients["default"]
    monkeypatch.setattr(client, "provider", replace(client.provider, role=Role.AUDITOR))
    provider.user = "new"
    world.client("owner").post("/v1/people", json={"email": "new@example.org", "role": "developer"}).raise_for_status()
    assert signed_in(browser).status_code == 200
    found = browser.get("/v1/whoami").json()
    assert (found["name"], "audit.read" in found["permissions"]) == ("new@example.org", True)
    joined = last(world, "person.joined")
    assert (joined["detail"]["role"], joined["detail"]["by"]) == ("auditor", "openid")
    assert browser.get("/v1/audit").status_code == 200
    assert "new@example.org" not in str(world.client("owner").get("/v1/people").json()["invitations"])
    assert httpx.post(f"{world.url}/v1/login", json={"email": "new@example.org", "password": GOOD}).status_code == 401
    world.client("owner").delete("/v1/people/new@example.org").raise_for_status()
    assert signed_in(browser).status_code == 401
    assert last(world, "login.failed")["detail"]["reason"] == "removed"


def test_sign_ins_that_are_at_the_provider_are_bounded(
    provider: OpenIdProvider, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    del provider
    with world.installation.db.write() as connection:
        connection.execute(sa.text("DELETE FROM access_oidc_logins"))
    monkeypatch.setattr(oidc_logins, "MOST_BEGUN", 2)
    assert [browser.get("/ui/login/openid").status_code for _ in range(3)] == [303, 303, 503]


def test_a_tenant_without_a_provider_has_no_button(browser: httpx.Client) -> None:
    assert "Sign in with The Provider" in browser.get("/ui/login").text
    assert "Sign in with" not in browser.get("/ui/login", params={"tenant": "other"}).text
    for slug in ("other", "", "x" * 300, "a/b"):
        assert browser.get("/ui/login/openid", params={"tenant": slug}).status_code == 404


def test_a_table_for_no_tenant_is_told_by_doctor(
    world: World, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.installation.openid is not None
    clients = world.installation.openid._clients
    token = world.client("here").post("/v1/tenants", json={"slug": "acme"}).json()["token"]

    def said(client: httpx.Client) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in client.get("/v1/doctor").json() if one["name"].startswith("sign-in")}

    monkeypatch.setattr(world.installation.openid, "_clients", clients | {"acme": clients["default"]})
    assert set(said(world.client("here"))) == {"sign-in provider"}
    monkeypatch.setattr(world.installation.openid, "_clients", clients | {"amce": clients["default"]})
    checks = said(world.client("here"))
    assert (checks["sign-in settings"]["ok"], checks["sign-in provider"]["ok"]) == (False, True)
    assert "amce" in checks["sign-in settings"]["detail"]
    assert "vestige tenant list" in checks["sign-in settings"]["hint"]
    with world.as_token(token) as owner:
        assert said(owner) == {}
    assert provider.url


def test_a_refusal_of_somebody_without_an_address_is_of_nobody(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    for email, resource in (("", None), ("who@elsewhere.example", "person:who@elsewhere.example")):
        provider.tell = lambda said, email=email: said | {"email": email}  # type: ignore[misc]
        assert signed_in(browser).status_code == 401
        entry = last(world, "login.failed")
        assert (entry.get("resource") or None, entry["detail"]["by"]) == (resource, "openid")


def test_a_page_of_another_host_is_gone_on_to_never(browser: httpx.Client) -> None:
    for onward in (
        "https://evil.example",
        "//evil.example",
        "/ui//evil.example",
        "/v1/people",
        "/ui/../v1",
        "javascript:x",
    ):
        answer = signed_in(browser, onward)
        assert answer.status_code == 200
        assert ("evil" in answer.text, "v1" in answer.text, "javascript" in answer.text) == (False, False, False), (
            onward
        )


def test_a_provider_that_is_not_who_it_should_be_is_not_used(
    world: World, provider: OpenIdProvider, browser: httpx.Client
) -> None:
    assert world.installation.openid is not None
    client = world.installation.openid._clients["default"]
    for describe, expected in (
        (lambda said: said | {"issuer": "https://evil.example"}, 502),
        (lambda said: said | {"token_endpoint": "http://169.254.169.254/latest"}, 502),
        (lambda said: said | {"jwks_uri": "file:///etc/passwd"}, 502),
        (lambda said: {name: value for name, value in said.items() if name != "authorization_endpoint"}, 502),
        (dict, 303),
    ):
        provider.describe = describe
        client._metadata_until = 0.0
        answer = browser.get("/ui/login/openid")
        assert answer.status_code == expected
        assert ("169.254" in answer.text, "evil" in answer.text, "passwd" in answer.text) == (False, False, False)
        checks = world.client("here").get("/v1/doctor").json()
        (check,) = [one for one in checks if one["name"] == "sign-in provider"]
        assert check["ok"] is (expected == 303), check
        assert provider.url in check["detail"] or not check["ok"]
        assert bool(check.get("hint")) is not check["ok"]
