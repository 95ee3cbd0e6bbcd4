"""Settings: somebody invited by a link who then signs in, a key made and revoked, the bounds in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import expect

from support.browsing import no_violations
from vestige.proof.note import NoteSigner, VerifierKey, sign_note

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Shown
    from ui.conftest import Opener


def test_an_invitation_by_its_link(page: Page, open_page: Opener, server: Shown) -> None:
    page.goto("/ui/settings")
    expect(page.get_by_role("row").filter(has_text="investigator@example.test")).to_be_visible()
    page.get_by_label("Address").fill("new@example.test")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.locator(".secret code").inner_text()
    expect(page.get_by_role("combobox", name="Role", exact=True)).to_have_value("investigator")
    no_violations(page)
    theirs = open_page("")
    theirs.goto(link.removeprefix(server.url))
    expect(theirs).to_have_url(f"{server.url}/ui/join")
    theirs.get_by_label("Password").fill("correct horse battery staple")
    theirs.get_by_label("The same again").fill("correct horse battery staple")
    no_violations(theirs)
    theirs.get_by_role("button", name="Set the password").click()
    expect(theirs.get_by_text("The password of new@example.test is set.")).to_be_visible()
    assert "new@example.test" in [one["email"] for one in server.get("/v1/people")["people"]]


def test_a_key_made_and_revoked(page: Page, server: Shown) -> None:
    page.goto("/ui/settings?tab=keys")
    page.get_by_label("Name: what it is for").fill("nightly")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator(".secret code")).to_contain_text("vst_")
    row = page.get_by_role("row").filter(has_text="nightly")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke it").click()
    expect(row).to_have_count(0)
    (key,) = [one for one in server.get("/v1/admin/keys")["keys"] if one["name"] == "nightly"]
    assert key["state"] == "revoked"


def test_each_part_shows_itself(page: Page) -> None:
    page.goto("/ui/settings")
    parts = {"Tenant": "Two persons", "Limits": "VESTIGE_LIMIT_UPLOAD_BYTES", "This browser": "Pinned keys"}
    for name, said in parts.items():
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_text(said).first).to_be_visible()
        no_violations(page)


def test_a_price_list_is_put_in_force_by_a_key_that_the_owner_named(page: Page, open_page: Opener) -> None:
    made = Ed25519PrivateKey.generate()
    key = VerifierKey("prices.example.org", made.public_key().public_bytes_raw())
    text = 'version = 1\nname = "planted-prices"\n[[price]]\nmodel = "planted-model"\ninput = "1.25"\n'
    page.goto("/ui/settings?tab=prices")
    note = page.get_by_label("The signed list")
    note.fill(sign_note(text, [NoteSigner(key, made.sign)]).decode())
    page.get_by_role("button", name="Put in force").press("Enter")
    expect(page.locator("form").get_by_role("alert")).to_be_visible()
    page.get_by_label("Verifier key").fill(str(key))
    page.get_by_role("button", name="Let it sign").press("Enter")
    expect(page.get_by_role("button", name="Forget prices.example.org")).to_be_visible()
    with page.expect_response(lambda one: one.request.method == "POST" and one.url.endswith("/prices")) as answered:
        page.get_by_role("button", name="Put in force").click()
    assert answered.value.ok, answered.value.text()
    listed = page.get_by_role("table", name="Prices of planted-prices").get_by_role("row").filter(has_text="planted")
    expect(listed).to_contain_text("$1.25")
    no_violations(page)
    other = open_page("auditor", size=(390, 844), theme="light")
    other.goto("/ui/settings?tab=prices")
    expect(other.get_by_role("heading", name="planted-prices")).to_be_visible()
    expect(other.get_by_text("To put one in force needs the permission ledger.manage")).to_be_visible()
    expect(other.get_by_label("The signed list")).to_have_count(0)
    no_violations(other)
