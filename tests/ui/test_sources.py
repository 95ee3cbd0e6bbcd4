"""Sources: the list, a file dragged in and its report, the record that could not be read, and what comes live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from support.browsing import Planted, Shown, Troubles

LINES = "".join(
    f"Apr  9 12:00:{number:02d} web1 sshd[7]: Failed password for root from 203.0.113.9 port 4{number} ssh2\n"
    for number in range(20)
)
DROP = """([text, name]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { lastModified: Date.UTC(2026, 3, 10) }));
  for (const kind of ["dragover", "drop"])
    document.querySelector(".drop").dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


def test_every_source_with_what_it_holds(page: Page, truth: Planted, server: Shown) -> None:
    page.goto("/ui/sources")
    source = truth.login["source"]
    known = next(one for one in server.get("/v1/sources")["sources"] if one["name"] == source)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=source, exact=True))
    expect(row).to_contain_text(f"{known['records']:,}")
    no_violations(page)
    row.get_by_role("link", name=source, exact=True).click()
    expect(page.get_by_role("heading", name="What is said of it")).to_be_visible()
    expect(page.get_by_text(known["id"])).to_be_visible()
    no_violations(page)


def test_a_file_dragged_in_adds_up_and_its_unread_record_opens(page: Page, server: Shown) -> None:
    page.goto("/ui/sources?tab=add")
    expect(page.get_by_text("Drop files or folders here.")).to_be_visible()
    page.evaluate(DROP, [LINES + "nothing of syslog\n", "dragged/auth.log"])
    item = page.locator(".coming > li")
    expect(item).to_contain_text("It would be read as syslog")
    assert not server.search('source:"auth.log" message:"203.0.113.9 port 40"'), "nothing is taken in before the word"
    no_violations(page)
    item.get_by_role("button", name="Take it in").click()
    report = item.locator("[data-report]")
    expect(report).to_be_visible()
    told = report.locator(".counts dt")
    counts = {
        told.nth(at).inner_text().lstrip("=+ "): int(report.locator(".counts dd").nth(at).inner_text())
        for at in range(5)
    }
    assert counts == {"records": 21, "parsed": 20, "unparsed": 1, "duplicates": 0, "skipped": 0}
    no_violations(page)
    record = report.locator("tbody a")
    identity = record.inner_text()
    assert server.here.get(f"/v1/events/{identity}/raw").content == b"nothing of syslog"
    record.click()
    expect(page).to_have_url(f"{server.url}/ui/events/{identity}")


def test_a_file_that_was_cut_short_goes_on_where_it_was(
    page: Page, tmp_path: Path, server: Shown, troubles: Troubles
) -> None:
    troubles.allow(r"no answer: .*/v1/uploads/")
    file = tmp_path / "long.log"
    file.write_text("".join(f"2026-04-09T12:00:00Z one: line {number} of many\n" for number in range(220_000)))
    page.goto("/ui/sources?tab=add")

    def cut(route: Route) -> None:
        sent = route.request
        if sent.method == "PATCH" and sent.headers["upload-offset"] != "0":
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/uploads/*", cut)
    field = page.get_by_label("Files to take in")
    field.set_input_files(file)
    item = page.locator(".coming > li")
    expect(item).to_contain_text("the server does not answer")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    # Not before the page is another: the one that was left would go on by itself.
    page.unroute("**/v1/uploads/*")
    expect(item).to_contain_text("8.0 MiB are here: give the same file again to go on")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        field.set_input_files(file)
    assert sent.value.headers["upload-offset"] == str(8 << 20)
    expect(item).to_contain_text("It would be read as")
    item.get_by_role("button", name="Let it go").click()
    expect(item).to_have_count(0)
    assert server.get("/v1/uploads")["uploads"] == []


def test_a_key_in_place_and_what_comes_live(page: Page, server: Shown) -> None:
    page.goto("/ui/sources?tab=receivers&client=curl")
    page.get_by_label("Source, as it is to be called").fill("shop")
    page.get_by_role("button", name="Make a key").click()
    secret = page.locator(".secret code").inner_text()
    expect(page.locator(".copied pre")).to_contain_text(secret)
    no_violations(page)
    page.goto("/ui/sources?tab=live&q=source:shop")
    expect(page.get_by_text("● live")).to_be_visible()
    answer = server.here.post("/v1/ingest/events", json={"event_type": "shop.opened", "message": "the doors"},
                              headers={"X-Source-Id": "shop"})  # fmt: skip
    identity = answer.json()["results"][0]["id"]
    expect(page.get_by_role("link", name="shop.opened")).to_have_attribute("href", f"/ui/events/{identity}")
    no_violations(page)
