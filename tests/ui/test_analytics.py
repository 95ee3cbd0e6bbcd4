"""Analytics in the browser: the figures that were planted, what is behind each, by keys, and with nothing there."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from support.browsing import LONGEST_S, no_violations
from support.planted import AUTHOR, FIRST, OPUS, REPOSITORY, transcripts
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from support.browsing import Shown
    from ui.conftest import Opener

HERE = f"/ui/agents/analytics?repository={REPOSITORY}&step=day"


@pytest.fixture(scope="module")
def planted(server: Shown, tmp_path_factory: pytest.TempPathFactory) -> datetime:
    """Two sessions and a repository of which an agent wrote a line in five; when the first session began."""
    start = datetime.fromisoformat(server.search("type:deploy.started")[0]["occurred_at"]).replace(microsecond=0)
    for name, content in transcripts(start).items():
        headers = {"X-Source-Id": f"agent:{REPOSITORY}", "X-Filename": name}
        server.here.post("/v1/ingest/raw", content=content, headers=headers).raise_for_status()
    folder = tmp_path_factory.mktemp("analytics")
    made = Commits(folder / "work")
    texts = ("a\nb\nc\nd\n", "a\nb\nc\nd\ne = 5\n")
    made.put("a.py", texts[0])
    made.commit()
    made.put("a.py", texts[1])
    second = made.commit()
    repository = server.here.post("/v1/code/repositories", json={"name": "example.org/ann/lines"}).json()["id"]
    with (folder / "bundle").open("wb") as out:
        pack(made.folder, (), out)
    content = (folder / "bundle").read_bytes()
    server.here.post(f"/v1/code/repositories/{repository}/bundles", content=content).raise_for_status()
    when = start.isoformat()
    send_edit(
        server.here, "example.org/ann/lines", second, "a.py", texts, session="s-planted-3", call="01PLANTED", when=when
    )
    # Of a million events there are twenty thousand sessions to be sealed.
    server.here.post("/v1/agents/seals", json={}, timeout=LONGEST_S).raise_for_status()
    return start


def figure(page: Page, name: str) -> Locator:
    """A figure of the whole: its number, and what is said beside it."""
    return page.locator(".analytics-whole > div").filter(has=page.get_by_text(name, exact=True))


def row(page: Page, table: str, name: str) -> Locator:
    return page.get_by_role("table", name=table, exact=True).get_by_role("row").filter(has_text=name)


def test_the_figures_that_were_planted_are_on_the_screen(page: Page, planted: datetime) -> None:
    page.goto(HERE)
    expect(figure(page, "Sessions")).to_contain_text("2")
    expect(figure(page, "Sessions")).to_contain_text("2 prompts")
    expect(figure(page, "Calls")).to_contain_text("3")
    expect(figure(page, "Tokens")).to_contain_text("40,408")
    expect(figure(page, "Tokens")).to_contain_text("8 in, 400 out, 40,000 from caches")
    expect(figure(page, "Cost")).to_contain_text("$0.0270")
    expect(figure(page, "Saved by caches")).to_contain_text("$0.1620 by reading, less $0.0000 for writing")
    expect(figure(page, "Coverage")).to_contain_text("50.0 %")
    expect(row(page, "By model", OPUS)).to_contain_text("30,306")
    expect(row(page, "By model", OPUS)).to_contain_text("$0.0225")
    expect(row(page, "By author", AUTHOR)).to_contain_text("30,306")
    expect(row(page, "By author", "unknown")).to_contain_text("10,102")
    expect(row(page, "By day", planted.date().isoformat())).to_contain_text("30,306")
    for table, name in (("Tools", "Edit"), ("MCP servers", "db"), ("Command-line software", "npm")):
        expect(row(page, table, name)).to_have_count(1)
    expect(row(page, "Coverage", "transcript and telemetry")).to_contain_text("50.0 %")
    # A bar for each of the eight days from the first session to the second, those with nothing too.
    chart = page.get_by_role("img", name="Tokens by day; the table beside it has the numbers")
    expect(chart.locator(".chart-bar")).to_have_count(8)
    expect(chart.locator(".chart-bar title").first).to_have_text(
        f"{planted.date()}: 6 in, 300 out, 30,000 from caches, 0 into caches"
    )
    no_violations(page)


def test_each_figure_leads_to_what_is_behind_it(page: Page, planted: datetime) -> None:
    page.goto(HERE)
    row(page, "By model", OPUS).get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/agents/sessions.*model={OPUS}"))
    expect(page.get_by_role("link", name=FIRST)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^s-planted"))).to_have_count(1)
    page.go_back()
    row(page, "Tools", "mcp__db__query").get_by_role("link", name="event").click()
    expect(page).to_have_url(re.compile("/events/"))
    expect(page.get_by_text("mcp__db__query").first).to_be_visible()
    page.go_back()
    row(page, "By author", "unknown").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/timeline\?q=session"))
    page.go_back()
    page.get_by_label("Author").fill(AUTHOR)
    page.get_by_label("Author").press("Enter")
    expect(page).to_have_url(re.compile("author=ann"))
    expect(figure(page, "Tokens")).to_contain_text("30,306")
    day = planted.date().isoformat()
    row(page, "By day", day).get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"start={day}T00%3A00%3A00Z"))
    expect(page.get_by_role("link", name=FIRST)).to_be_visible()


def test_what_is_drawn_is_chosen_by_keys_and_stands_in_the_address(page: Page, planted: datetime) -> None:
    del planted
    page.goto(HERE)
    cost = page.get_by_role("button", name="Cost", exact=True)
    cost.focus()
    page.keyboard.press("Enter")
    expect(cost).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("draw=cost"))
    expect(page.get_by_role("img", name=re.compile("^Cost by day"))).to_be_visible()
    page.get_by_role("button", name="Weeks").press("Space")
    expect(page.get_by_role("img", name=re.compile("^Cost by week"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name=re.compile("^Cost by week"))).to_be_visible()


def test_lines_are_shown_with_what_nobody_knows(page: Page, planted: datetime) -> None:
    del planted
    page.goto("/ui/agents/analytics?repository=example.org/ann/lines")
    expect(page.get_by_text("20.0 % of 5 lines are agents'; 4 nobody knows whose.")).to_be_visible()
    expect(
        page.get_by_role("img", name="Lines: 1 agents', 0 of both, 0 people's, 4 nobody knows whose")
    ).to_be_visible()
    line = row(page, "Lines by repository", "example.org/ann/lines")
    expect(line).to_contain_text("20.0 %")
    no_violations(page)
    line.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/agents/commits/"))


def test_with_nothing_there_it_says_what_to_do(page: Page, planted: datetime) -> None:
    del planted
    page.goto("/ui/analytics?repository=example.org/none")
    expect(page.get_by_role("heading", name="No session is like that")).to_be_visible()
    no_violations(page)
    page.get_by_role("link", name="Ask for all of them").click()
    # Of a million events these are more than are summed up at once: then it says from when on they are not.
    more = page.get_by_text(re.compile("ask from .*Z on"))
    expect(figure(page, "Sessions").or_(more)).to_be_visible()
    if more.is_visible():
        page.get_by_role("searchbox", name="From").fill(more.inner_text().split("from ")[1].split(" on")[0])
        page.keyboard.press("Enter")
        expect(figure(page, "Sessions")).to_be_visible()


def test_an_auditor_finds_it_on_a_phone_and_a_developer_not(open_page: Opener, planted: datetime) -> None:
    del planted
    place = "Places"
    other = open_page("developer")
    other.goto("/ui/timeline")
    expect(other.get_by_role("navigation", name=place).get_by_role("link", name="Sessions")).to_be_visible()
    expect(other.get_by_role("navigation", name=place).get_by_role("link", name="Analytics")).to_have_count(0)
    opened = open_page("auditor", size=(390, 844), theme="light")
    opened.goto("/ui/timeline")
    opened.get_by_role("navigation", name=place).get_by_role("link", name="Analytics").click()
    expect(opened).to_have_url(re.compile("/agents/analytics"))
    opened.goto(HERE)
    expect(figure(opened, "Tokens")).to_contain_text("40,408")
    no_violations(opened)
