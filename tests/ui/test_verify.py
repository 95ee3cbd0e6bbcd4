"""The public page that verifies a bundle: its verdicts are those of `vestige bundle verify`, and it asks no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support import duels
from support.browsing import no_violations
from support.bundles import by_product, unzipped, zipped
from support.homes import TENANT
from vestige.bundles import Trust
from vestige.bundles.trust import keys_of_text

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from support.bundles import Files
    from ui.conftest import Opener

KEYS = "textarea >> nth=0"


def give(page: Page, data: bytes, name: str = "matter.zip") -> None:
    """Choose a file, and wait for what is said of it."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/zip", "buffer": data})
    # The name goes up at once; the verdict of the bundle before goes with it.
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("[data-exit]")).to_be_visible()


def exit_of(page: Page) -> int:
    return int(page.locator("[data-exit]").get_attribute("data-exit") or "-1")


def failed(page: Page) -> set[str]:
    return set(page.locator("tr[data-ok=false]").evaluate_all("rows => rows.map(row => row.dataset.check)"))


@pytest.fixture
def bundle(server: Shown, truth: Planted) -> bytes:
    """What the intruder did from afar, as a bundle."""
    answer = server.here.get("/v1/export/bundle", params={"q": f"session:{truth.login['session']}"})
    assert answer.status_code == 200, answer.text
    return answer.content


def test_whoever_was_given_a_bundle_verifies_it_without_an_account_or_a_server(
    server: Shown, truth: Planted, bundle: bytes, open_page: Opener
) -> None:
    page = open_page("")
    page.goto("/ui/verify")
    no_violations(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    give(page, bundle)
    origin = server.get(f"/v1/events/{truth.login['id']}")["provenance"]["log"]
    expect(page.get_by_text(origin, exact=True)).to_be_visible()
    assert (exit_of(page), failed(page)) == (2, set())
    no_violations(page)
    # The key that is in the bundle is trusted by nobody until somebody says it was compared.
    pin = page.get_by_role("button", name="Pin this key in this browser")
    expect(pin).to_be_disabled()
    page.get_by_label("I compared it").check()
    pin.click()
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    assert exit_of(page) == 0
    assert not [url for url in asked if "/ui/assets/" not in url]
    # Another's key is no unknown origin, but a failure.
    page.get_by_role("button", name="Trust it no more").click()
    expect(page.locator("[data-exit='2']")).to_be_visible()
    page.locator(KEYS).fill("astra+cad5a3d2+AZJqeuyE/GnknsCNh1eCtDtwdAwKBddOlS8M2eI1Jt4b")
    # Nothing has to be pressed for it: what stands on the page is about the keys that stand there.
    expect(page.locator("[data-exit='1']")).to_be_visible()
    assert failed(page) == {"keys"}
    expect(page.get_by_role("heading", name="Failed: not signed by a key that you trust")).to_be_visible()
    no_violations(page)
    mine = server.get("/v1/ledger/keys")[-1]["vkey"]
    page.locator(KEYS).fill(mine)
    expect(page.locator("[data-exit='0']")).to_be_visible()
    # A key of this log that is not to be trusted here is another fault than a stranger's.
    page.locator(KEYS).fill(f"{mine} sizes 0 to now, compromised above size 1")
    expect(page.locator("[data-exit='1']")).to_be_visible()
    expect(page.get_by_role("heading", name="Failed", exact=True)).to_be_visible()
    assert failed(page) == {"keys"}
    page.locator(KEYS).fill("")
    expect(page.locator("[data-exit='2']")).to_be_visible()
    give(page, bundle, "again.zip")
    assert (exit_of(page), failed(page)) == (2, set())


def test_by_keys_alone_a_bundle_is_verified(server: Shown, bundle: bytes, open_page: Opener, tmp_path: Path) -> None:
    page = open_page("")
    (tmp_path / "given.zip").write_bytes(bundle)
    # Before the page is there: a browser that is told to hand its choosers over takes a moment to do so.
    page.on("filechooser", lambda chooser: chooser.set_files(tmp_path / "given.zip"))
    page.goto("/ui/verify")
    expect(page.get_by_role("heading", name="Verify an evidence bundle")).to_be_visible()
    page.keyboard.press("o")
    expect(page.locator("[data-exit='2']")).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.locator(KEYS).evaluate("one => one === document.activeElement"):
            break
    page.keyboard.insert_text(server.get("/v1/ledger/keys")[-1]["vkey"])
    expect(page.locator("[data-exit='0']")).to_be_visible()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()


def test_a_record_that_was_altered_is_told_with_its_place(bundle: bytes, server: Shown, open_page: Opener) -> None:
    page = open_page("")
    page.goto("/ui/verify")
    page.locator(KEYS).fill(server.get("/v1/ledger/keys")[-1]["vkey"])
    files = dict(unzipped(bundle))
    name = next(one for one in sorted(files) if "/raw/" in one)
    files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]
    give(page, zipped(files), "altered.zip")
    assert exit_of(page) == 1
    expect(page.get_by_role("heading", name="Failed", exact=True)).to_be_visible()
    expect(page.get_by_text("1 missing or altered")).to_be_visible()
    expect(page.locator("tr").filter(has_text=name).first).to_be_visible()


def test_every_duel_ends_as_vestige_says_and_names_the_record(tmp_path: Path, open_page: Opener) -> None:
    scene = duels.scene(tmp_path)
    trust = Trust(keys_of_text(scene.key))
    page = open_page("")
    page.goto("/ui/verify")
    page.locator(KEYS).fill(scene.key)

    def judged(name: str, files: Files) -> None:
        give(page, zipped(files), f"{name}.zip")
        told = by_product(files, trust)
        assert (exit_of(page), failed(page)) == (told.exit, set(told.counts)), name

    judged("untouched", scene.files)
    assert exit_of(page) == 0
    for number, duel in enumerate(duels.DUELS):
        judged(f"duel-{number}", duel.make(scene))
        assert duel.check in failed(page), duel.name
        if duel.seq is not None:
            leaf = scene.ledger.read(TENANT, duel.seq, duel.seq + 1)[0]
            row = page.locator("tr", has_text=duel.check).filter(has_text=duel.file.rpartition("data/")[2]).first
            expect(row).to_contain_text(str(duel.seq))
            if duel.check in {"openings", "records"}:
                expect(row).to_contain_text(leaf.id)
    judged("again", scene.files)


def test_what_is_no_bundle_or_would_not_unpack_is_told_apart(bundle: bytes, open_page: Opener) -> None:
    page = open_page("")
    page.goto("/ui/verify")
    give(page, b"PK\3\4 this is no zip", "none.zip")
    assert exit_of(page) == 4
    files = unzipped(bundle)
    give(page, zipped(files | {"../outside": b"x"}), "outside.zip")
    assert (exit_of(page), failed(page) >= {"container"}) == (1, True)
    expect(page.get_by_text("a name leads out of the bundle").first).to_be_visible()
    give(page, zipped(files), "good.zip")
    assert exit_of(page) == 2
    page.locator(KEYS).fill("no key")
    page.get_by_role("button", name="Verify again").click()
    expect(page.get_by_text("What you gave as keys or policy is none")).to_be_visible()
