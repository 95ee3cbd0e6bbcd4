"""Cases by hand and by key: made, pinned to, written in, handed over; what two people do at once; what some may not."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from support.browsing import no_violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener

SESSION = "session:idxDemoJordanFromAfar"
FIVE = f"{SESSION} type:auth.mfa"
MANY_TABS = 120
IN_MEMORY = "delete window.showSaveFilePicker"
"""A dialog of the system's, which no page can answer: without it a file is handed over as a download."""


def _came_to(page: Page, wanted: Locator) -> None:
    """Go on by the Tab key until something has the focus."""
    for _ in range(MANY_TABS):
        page.keyboard.press("Tab")
        if wanted.first.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"the Tab key never came to {wanted}")


def _case(server: Shown, name: str, query: str = "", **fields: Any) -> dict[str, Any]:
    """A case made beside the browser."""
    made: dict[str, Any] = server.here.post("/v1/cases", json={"name": name, **fields}).raise_for_status().json()
    if query:
        server.here.post(f"/v1/cases/{made['id']}/selection", json={"query": query}).raise_for_status()
    return made


def _make(page: Page, name: str) -> None:
    """A case, from the list of them."""
    page.keyboard.press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def _pin(page: Page, query: str, number: int) -> None:
    """All events of a query, from the page of a case."""
    page.keyboard.press("s")
    expect(page.get_by_role("textbox", name="Query")).to_be_focused()
    page.keyboard.type(query)
    page.keyboard.press("Enter")
    pin = page.get_by_role("button", name=f"Pin {number} events")
    expect(pin).to_be_enabled()
    page.keyboard.type("the session from afar")
    _came_to(page, pin)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{number} pinned, intact")).to_be_visible()


def _write(page: Page, event: str) -> None:
    """A note that embeds the sign-in."""
    keyboard = page.keyboard
    keyboard.press("3")
    expect(page.get_by_role("button", name="Write a note")).to_be_visible()
    keyboard.press("n")
    expect(page.get_by_label("Title")).to_be_focused()
    keyboard.type("What we saw")
    keyboard.press("Tab")
    keyboard.type("# The sign-in\n\nIt was **this** one: ")
    keyboard.press("Alt+e")
    expect(page.get_by_label("Find an event by a query")).to_be_focused()
    keyboard.type("type:auth.login")
    expect(page.get_by_role("listbox", name="Events").get_by_role("option")).to_have_count(1)
    keyboard.press("Enter")
    expect(page.get_by_label("Text, in Markdown")).to_have_value(re.compile(re.escape(f"[[event:{event}]]")))
    expect(page.get_by_role("region", name="What it becomes")).to_contain_text("auth.login")
    keyboard.press("Control+Enter")


def _bundle(page: Page, number: int, folder: Path) -> Path:
    """A bundle of the case, as a file."""
    page.keyboard.press("8")
    make = page.get_by_role("button", name=f"Make a bundle of {number} events")
    expect(make).to_be_visible()
    _came_to(page, make)
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    bundle = folder / coming.value.suggested_filename
    coming.value.save_as(bundle)
    return bundle


def test_by_keys_alone_from_a_name_to_a_bundle_that_verifies(
    page: Page, server: Shown, truth: Planted, tmp_path: Path
) -> None:
    page.add_init_script(IN_MEMORY)
    page.goto("/ui/cases")
    expect(page.get_by_role("heading", name="Cases")).to_be_visible()
    _make(page, "By keys alone")
    number = len(server.search(SESSION))
    _pin(page, SESSION, number)
    expect(page.locator(f"[data-event='{truth.login['id']}']")).to_be_visible()
    no_violations(page)

    _write(page, truth.login["id"])
    note = page.locator(".markdown")
    expect(note.get_by_role("heading", name="The sign-in")).to_be_visible()
    expect(note.get_by_role("link", name="auth.login")).to_have_attribute("href", f"/ui/events/{truth.login['id']}")
    expect(note.locator(".integrity.good")).to_be_visible()
    no_violations(page)

    bundle = _bundle(page, number, tmp_path)
    key = server.get("/v1/ledger/keys")[-1]["vkey"]
    expect(page.get_by_role("region", name="The bundle that was made")).to_contain_text(key)
    no_violations(page)
    command = [sys.executable, "-m", "vestige", "bundle", "verify", "--key", key, str(bundle)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"VERIFIED: {number} present, 0 withheld" in told.stdout


def test_where_no_file_can_be_chosen_the_bundle_is_a_download(page: Page, server: Shown) -> None:
    case = _case(server, "No file", SESSION)
    number = len(server.search(SESSION))
    page.add_init_script(
        "window.showSaveFilePicker = async () => { throw new DOMException('no dialog', 'AbortError'); }"
    )
    page.goto(f"/ui/cases/{case['id']}")
    expect(page.get_by_text(f"{number} pinned, intact")).to_be_visible()
    page.keyboard.press("8")
    page.get_by_role("button", name=f"Make a bundle of {number} events").click()
    said = page.get_by_role("status").filter(has_text="no file was chosen")
    expect(said).to_be_visible()
    no_violations(page)
    with page.expect_download() as coming:
        said.get_by_role("button", name="Download it instead").click()
    assert coming.value.suggested_filename.endswith(".zip")
    expect(page.get_by_role("region", name="The bundle that was made")).to_be_visible()
    expect(said).to_have_count(0)


@pytest.mark.long
def test_pins_are_marked_annotated_taken_out_and_that_undone(page: Page, server: Shown, truth: Planted) -> None:
    case = _case(server, "Pins", FIVE)
    number = len(server.search(FIVE))
    page.goto(f"/ui/cases/{case['id']}?tab=pins")
    rows = page.locator(".pins tbody tr")
    expect(rows).to_have_count(number)
    expect(rows.first).to_contain_text("auth.mfa")
    rows.first.get_by_role("button", name=re.compile("^Mark")).click()
    expect(rows.first.get_by_role("button", name=re.compile("^Mark"))).to_have_attribute("aria-pressed", "true")
    rows.first.get_by_title("Change the annotation").click()
    page.get_by_label("Annotation").fill("<b>the first</b>")
    page.keyboard.press("Control+Enter")
    expect(rows.first.locator(".annotation")).to_have_text("<b>the first</b>")
    rows.first.get_by_title("Take it out of the case").click()
    expect(rows).to_have_count(number - 1)
    page.get_by_role("listitem").filter(has_text="Taken out of the case").get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(number)
    pins = server.get(f"/v1/cases/{case['id']}/events")["events"]
    assert [(one["annotation"], one["pinned"]) for one in pins if one["pinned"]] == [("<b>the first</b>", True)]
    page.get_by_role("button", name="Check all against the ledger").click()
    expect(page.get_by_role("status").filter(has_text="checked")).to_have_text(f"✓ {number} checked: {number} intact")
    assert truth.login["id"] not in {one["event_id"] for one in pins}
    no_violations(page)


def test_a_selection_is_undone_as_one_and_what_was_there_stays(page: Page, server: Shown, truth: Planted) -> None:
    case = _case(server, "Undone")
    server.here.post(f"/v1/cases/{case['id']}/events", json={"event_id": truth.login["id"]}).raise_for_status()
    page.goto(f"/ui/cases/{case['id']}")
    row = page.locator(f"[data-event='{truth.login['id']}']")
    expect(row).to_be_visible()
    page.get_by_role("button", name="Pin by a query").click()
    page.get_by_role("textbox", name="Query").fill(SESSION)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile(r"^Pin \d+ events$")).click()
    notice = page.get_by_role("listitem").filter(has_text="1 event was there already")
    expect(page.locator(".events .open")).to_have_count(len(server.search(SESSION)))
    notice.get_by_role("button", name="Undo").click()
    expect(page.locator(".events .open")).to_have_count(1)
    expect(row).to_be_visible()


def test_what_somebody_else_set_meanwhile_is_shown_and_not_overwritten_unasked(page: Page, server: Shown) -> None:
    case = _case(server, "At once", owner="ann")
    page.goto(f"/ui/cases/{case['id']}")
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit the case")
    dialog.get_by_label("Tags").fill("mine")
    server.here.patch(f"/v1/cases/{case['id']}", json={"owner": "ben"}).raise_for_status()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody changed this case meanwhile")
    expect(dialog.get_by_role("alert")).to_contain_text("ben (it was ann)")
    no_violations(page)
    dialog.get_by_role("button", name="Save mine over it").click()
    expect(dialog).to_be_hidden()
    now = server.get(f"/v1/cases/{case['id']}")
    assert (now["owner"], now["tags"]) == ("ben", ["mine"])


@pytest.mark.long
def test_a_card_is_moved_by_keys_by_its_list_and_by_the_pointer(page: Page, server: Shown) -> None:
    case = _case(server, "A card")
    page.goto("/ui/cases?view=board")
    page.get_by_role("link", name="A card").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("region", name="investigating").get_by_role("link", name="A card")).to_be_focused()
    page.get_by_label("Status of A card").select_option("closed")
    card = page.get_by_role("region", name="closed").locator(f"[data-case='{case['id']}']")
    expect(card).to_be_visible()
    no_violations(page)
    card.drag_to(page.get_by_role("region", name="archived"))
    expect(page.get_by_role("region", name="archived").get_by_role("link", name="A card")).to_be_visible()
    assert server.get(f"/v1/cases/{case['id']}")["status"] == "archived"
    page.get_by_role("link", name="A card").click()
    expect(page.get_by_text("This case is archived: nothing is pinned")).to_be_visible()
    expect(page.get_by_role("button", name="Pin by a query")).to_have_count(0)


@pytest.mark.long
def test_a_hypothesis_has_events_on_both_sides_and_a_verdict(page: Page, server: Shown, truth: Planted) -> None:
    case = _case(server, "Suspected", SESSION)
    page.goto(f"/ui/cases/{case['id']}?tab=hypotheses")
    page.get_by_role("button", name="State a hypothesis").click()
    page.get_by_label("What is suspected").fill("It was not Jordan")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Add an event for it").click()
    page.get_by_label("Find an event by a query").fill("type:auth.login")
    expect(page.get_by_role("listbox", name="Events").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.get_by_label("Why (may be empty)").fill("from another continent")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator(".sides").get_by_role("link", name="auth.login")).to_be_visible()
    page.get_by_role("button", name="Edit, or give a verdict").click()
    page.get_by_role("combobox", name="Verdict").select_option("supported")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".verdict")).to_contain_text("supported")
    no_violations(page)
    (item,) = server.get(f"/v1/cases/{case['id']}/items", kind="hypothesis")["items"]
    assert [(one["event_id"], one["side"], one["comment"]) for one in item["evidence"]] == [
        (truth.login["id"], "for", "from another continent")
    ]


@pytest.mark.long
def test_a_report_is_shown_as_nodes_and_its_digest_is_its_entrys(page: Page, server: Shown, truth: Planted) -> None:
    case = _case(server, "Reported", SESSION, description="<img src=x onerror=alert(1)> **bold**")
    page.goto(f"/ui/cases/{case['id']}?tab=export")
    # A report is not made of an index that lags; each of these waits for it a while.
    assert any("index_lag" not in server.get("/v1/timeline/count") for _ in range(20))
    page.get_by_role("button", name="Make it and show it here").click()
    report = page.get_by_role("region", name="The report")
    expect(report).to_contain_text(truth.login["id"])
    expect(report).to_contain_text("<img src=x onerror=alert(1)>")
    expect(report.locator("img")).to_have_count(0)
    expect(report.locator("strong", has_text="bold")).to_be_visible()
    no_violations(page)
    (act,) = [one for one in server.get(f"/v1/cases/{case['id']}/activity")["acts"] if one["act"] == "case.reported"]
    expect(page.get_by_title(f"{act['detail']['sha256']}: copy")).to_be_visible()
    page.keyboard.press("9")
    expect(page.get_by_text("made a report (markdown)")).to_be_visible()
    no_violations(page)


@pytest.mark.long
def test_everything_of_a_case_is_held_and_released_with_reasons(page: Page, server: Shown, truth: Planted) -> None:
    case = _case(server, "Held", FIVE)
    page.goto(f"/ui/cases/{case['id']}?tab=holds")
    expect(page.get_by_text("No hold is about this case")).to_be_visible()
    page.get_by_role("button", name="Hold everything of this case").click()
    page.get_by_label("Why, in words").fill("matter 2026-114")
    page.get_by_role("button", name="Hold it").click()
    row = page.locator("tbody tr").filter(has_text="matter 2026-114")
    expect(row).to_contain_text("in force")
    expect(row.locator("td.number")).to_have_text(str(len(server.search(FIVE))))
    no_violations(page)
    row.get_by_role("button", name="Release").click()
    page.get_by_role("button", name="Release it").click()
    expect(row.locator("td").first).to_have_text("released")
    holds = [one for one in server.get("/v1/holds")["holds"] if one["criteria"].get("q") == f"case:{case['id']}"]
    assert [(one["reason"], one["in_force"]) for one in holds] == [("litigation", False)]
    assert truth.login


@pytest.mark.long
def test_who_may_only_read_is_offered_nothing_else(open_page: Opener, server: Shown, truth: Planted) -> None:
    case = _case(server, "Read only", SESSION)
    page = open_page("auditor", theme="light", size=(1280, 800))
    page.goto(f"/ui/cases/{case['id']}")
    expect(page.locator(f"[data-event='{truth.login['id']}']")).to_be_visible()
    for name in ("Edit", "Pin by a query"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    no_violations(page)
    page.goto("/ui/cases/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    expect(page.get_by_role("alert")).to_contain_text("There is no such case")
