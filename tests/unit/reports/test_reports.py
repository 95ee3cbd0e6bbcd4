"""Reports: nothing anybody wrote is markup, voices are told apart, nothing is left out silently, bytes are stable."""

from __future__ import annotations

import base64
import re
import sys
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from vestige.model.errors import SettingsError, UsageError
from vestige.reports import (
    Band,
    Checkpoint,
    Clock,
    Custody,
    Event,
    Hand,
    Hypothesis,
    Listing,
    Method,
    Named,
    Note,
    Picture,
    Report,
    Task,
    Vouched,
    Weighed,
)
from vestige.reports.document import document
from vestige.reports.drawing import svg
from vestige.reports.html import POLICY, as_html, markdown
from vestige.reports.markdown import as_markdown, tamed
from vestige.reports.pdf import NEEDS, as_pdf, denied

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "aside", "section", "figure", "svg", "line", "text"),
    *(
        "rect",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "blockquote",
        "pre",
        "code",
        "b",
        "i",
        "em",
        "strong",
        "ul",
        "ol",
        "li",
        "a",
    ),
    *("br", "hr", "table", "thead", "tbody", "tr", "th", "td", "col", "dl", "dt", "dd", "span", "time", "small"),
}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><style>*{}</style></style></title> "
    "![x](http://e.example/a.png) [y](javascript:alert(1)) <http://e.example> [z](data:text/html,x) \x00\u202e &lt;"
)


WIKI = MarkdownIt("commonmark").enable("table")
"""Whoever shows a report's Markdown, with raw HTML and images on."""


class Reader(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != [("style", {})]:
            self.text += data


def made(words: str = "words", **other: Any) -> Report:
    """A report in which everything that comes from outside says the same."""
    event = Event(
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV", at="2026-11-20T08:40:08Z",
        quality="assumed_year", offset="-00:04:00", type=words,
        who=words, says=words, source=words, state="intact", note=Hand(words, words, "2026-11-21T00:00:00Z"),
        added_by=words, added_at="2026-11-21T00:00:00Z", seq=7, leaf_hash="ab" * 32, record="cd" * 32,
        path=("ef" * 32,),
    )  # fmt: skip
    hand = Hand(words, words, "2026-11-21T00:00:00Z")
    row = Custody("2026-11-20T08:40:08Z", 0, 3, words, words, words)
    report = Report(
        case="01KAPCASE00000000000000000", name=words, status="open", owner=words, members=[words], tags=[words],
        created_by=words, created_at="2026-11-20T00:00:00Z", tenant=words, description=hand, made_by=words,
        made_at="2026-11-26T00:00:00Z", pins=1, states={"intact": 2, "altered": 1}, faults=[(words, "altered", words)],
        first="2026-11-20T08:40:08Z", last="2026-11-20T08:40:08Z",
        picture=Picture(1_763_000_000_000_000_000, 60_000_000_000, [Band(words, [0, 3, 1]), Band("b", [9, 0, 0])], 2),
        clocks=[Clock(words, 1, words, words, words, words)],
        checkpoints=[Checkpoint(0, words, 9, "01" * 32, words, 1, "23" * 32, [words])], events=[event],
        hypotheses=[Hypothesis(words, hand, "supported", words, [Weighed(event, "for", words, words)])],
        notes=[Note(words, hand, [event])], tasks=[Task(words, "open", words, "", words)],
        named=[Named("entity", "identity", words, hand)], left_out={}, custody=Listing([row], 1),
        activity=Listing([row], 1),
        method=Method("vestige 1", [(words, 1)], [(words, "1", words, 1)], [("2026", words, words, "all time", 1)]),
        vouched=[Vouched("rfc3161", words, "2026-11-22T00:00:00Z", "super-log", 0, 9, "45" * 32, 1, 2, 8)],
    )  # fmt: skip
    return replace(report, **other)


def html_of(report: Report) -> bytes:
    return b"".join(as_html(document(report), report.name, report.made_at))


def markdown_of(report: Report) -> str:
    return b"".join(as_markdown(document(report))).decode()


@example(HOSTILE)
@example("</td><td class=good>intact")
@example("| a | b |\n|---|---|\n| <b> | c |")
@example("```\n<script>\n```\n    <script>\n<!-- -->\n<?x?>\n<![CDATA[x]]>")
@example("[a]: javascript:x\n\n[a] [b](HTTPS://e.example 'x\" onclick=\"y')")
@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_nothing_that_came_from_outside_becomes_markup_or_is_loaded(words: str) -> None:
    content = html_of(made(words))
    read = Reader(content)
    assert {tag for tag, _ in read.tags} <= TAGS
    assert sum(tag == "style" for tag, _ in read.tags) == 1
    for tag, attributes in read.tags:
        assert not {name for name in attributes if name.startswith("on") or name in {"src", "style", "srcset", "data"}}
        if tag == "a":
            assert re.match(r"#|https?://|mailto:", attributes["href"] or "", re.IGNORECASE), attributes
    assert b"\x00" not in content
    assert "\u202e" not in read.text
    tokens = WIKI.parse(markdown_of(made(words)))
    kinds = {token.type for token in tokens} | {inner.type for token in tokens for inner in token.children or ()}
    assert not {kind for kind in kinds if kind.startswith(("html", "image"))}


def test_hostile_words_are_shown_as_they_were_written() -> None:
    text = Reader(html_of(made(HOSTILE))).text
    assert text.count("<script>alert(1)</script><img src=x onerror=alert(1)>") > 20
    assert "U+202E" in text
    # The same place takes what is harmless as what it is.
    assert "<strong>bold</strong>" in markdown("**bold**")
    assert 'href="https://e.example/"' in markdown("[x](https://e.example/)")
    assert "<table>" in markdown("| a |\n|---|\n| b |")


def test_a_report_asks_for_a_policy_that_allows_its_own_style_sheet_and_nothing_else() -> None:
    content = html_of(made()).decode()
    (style,) = re.findall(r"<style>(.*?)</style>", content, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == POLICY
    assert content.index(POLICY) < content.index("<style>")


def test_what_people_wrote_and_what_the_system_states_differ_in_looks_and_in_words() -> None:
    content = html_of(made("said by ann")).decode()
    assert '<blockquote class="hand"><p class="who">note, written by said by ann, 2026-11-21T00:00:00Z</p>' in content
    assert '<td><span class="hand">said by ann</span> <i>(said by ann)</i></td>' in content
    assert "<th>note, written by people</th>" in content
    assert '<span class="says">said by ann</span>' in content
    assert '<h3 class="hand">said by ann</h3>' in content
    assert "<p>All times are in UTC" in content
    written = markdown_of(made("said by ann"))
    assert "> **note, written by said by ann, 2026-11-21T00:00:00Z:**\n>\n> said by ann" in written
    assert "*said by ann* (said by ann)" in written


def test_what_is_not_listed_is_said_and_what_is_whole_claims_no_more() -> None:
    whole, cut = made(), made(pins=100_000, left_out={"note": 12}, custody=Listing([], 4000))
    for text in (markdown_of(cut), Reader(html_of(cut)).text):
        assert text.count("the first 1 of 100,000 events") == 2
        assert "99,999 are NOT listed" in text
        assert "12 more of kind note are in the case" in text
        assert "the first 0 of 4,000" in text
    for text in (markdown_of(whole), Reader(html_of(whole)).text):
        assert "NOT listed" not in text
        assert "more of kind" not in text


def test_what_does_not_agree_with_the_ledger_is_said_at_the_beginning() -> None:
    text = Reader(html_of(made(faults=[("01AAA", "altered", "another leaf")]))).text
    assert text.index("NOT everything is as it was") < text.index("Timeline")
    assert "another leaf" in text
    assert "NOT everything" not in Reader(html_of(made(faults=[]))).text
    assert "the ledger is not as it was: gone" in Reader(html_of(made(custody=Listing([], 0, "gone")))).text


def test_offsets_zones_and_doubts_of_a_time_stand_beside_it() -> None:
    text = Reader(html_of(made())).text
    assert "2026-11-20T08:40:08Z year assumed, clock corrected by -00:04:00" in text
    assert "All times are in UTC, the zone with the offset +00:00" in text


def test_the_clock_of_a_zone_stands_beside_each_time_in_every_shape() -> None:
    plain, zoned = made(), made(zone="Europe/Berlin")
    for written in (html_of, lambda report: markdown_of(report).encode()):
        without, beside = written(plain).decode(), Reader(written(zoned)).text if written is html_of else written(
            zoned
        ).decode()  # fmt: skip
        assert "+01:00" not in without
        assert beside.count("2026-11-20 09:40:08") >= 6  # summary, hypothesis, timeline, note, custody, activity
        assert "2026-11-20T08:40:08Z" in beside
        assert "time (UTC, then Europe/Berlin)" in beside
        assert "beside each stands what a clock in the zone Europe/Berlin showed then" in beside


def test_who_vouches_for_the_log_is_told_with_what_it_covers_and_nobody_is_said_too() -> None:
    for written in (lambda report: Reader(html_of(report)).text, markdown_of):
        text = written(made())
        assert "time stamp (RFC 3161), over the super-log" in text
        assert "1 of 2" in text
        assert "45" * 32 in text
        assert "Nobody else has been shown" not in text
        alone = written(made(vouched=()))
        assert "Nobody else has been shown a tree that has these records" in alone
        assert "RFC 3161" not in alone


def test_the_certification_is_a_draft_that_says_so_and_is_signed_by_nobody() -> None:
    for text in (Reader(html_of(made())).text, markdown_of(made())):
        assert text.count("DRAFT, NOT SIGNED") == 2
        assert "902(13)" in text
        assert "902(14)" in text
        assert "28 U.S.C. § 1746" in text
    form = html_of(made()).decode().split('class="blanks"')[1]
    assert form.count("<dd></dd>") == 5


def test_proofs_name_hashes_that_stand_in_the_list_once() -> None:
    event = made().events[0]
    other = replace(event, path=("00" * 32, "ef" * 32))
    content = html_of(made(events=[event, other])).decode()
    assert content.count("ef" * 32) == 1
    assert "<code>1</code>" in content
    assert "<code>2 1</code>" in content


@pytest.mark.parametrize("counts", [[], [0], [5], [1, 0, 100_000]])
def test_a_picture_is_well_formed(counts: list[int]) -> None:
    drawn = svg(Picture(0, 1_000_000_000, [Band("<&>\"'\x00\u202e a very long name", counts)]))
    assert "U+202E" in drawn
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    bars = [one for one in root if one.tag.endswith("rect")]
    assert len(bars) == sum(1 for one in counts if one)
    assert all(float(bar.attrib["height"]) >= 3 for bar in bars)
    assert not {
        name for one in root.iter() for name in one.attrib if name.startswith("on") or name in {"style", "href"}
    }


def test_pages_are_the_same_each_time_and_load_nothing() -> None:
    pieces = [html_of(made(HOSTILE, events=[], picture=None))]
    pages = as_pdf(pieces)
    assert pages.startswith(b"%PDF-")
    assert pages == as_pdf(pieces)
    with pytest.raises(UsageError, match="a report loads nothing"):
        denied("file:///etc/passwd")


def test_a_machine_without_what_lays_out_pages_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(SettingsError) as caught:
        as_pdf([b"<p>x"])
    assert caught.value.expected == f"the Debian packages {NEEDS}"


def test_every_fact_is_in_every_shape() -> None:
    """A field that nobody writes is noticed: each text of the report is one of its own and must be found."""
    report = made(
        owner="W-owner",
        members=["W-member"],
        tags=["W-tag"],
        tenant="W-tenant",
        made_by="W-maker",
        left_out={"W-kind": 3},
    )
    for text in (Reader(html_of(report)).text, markdown_of(report).replace("\\", "")):
        for word in (
            "W-owner",
            "W-member",
            "W-tag",
            "W-tenant",
            "W-maker",
            "W-kind",
            report.case,
            "01" * 32,
            "23" * 32,
        ):
            assert word in text, word


@pytest.mark.parametrize(
    ("written", "there", "gone"),
    [
        ("[a](https://example.org/x)", "[a](https://example.org/x)", "\\("),
        ("[a](mailto:ann@example.org)", "[a](mailto:ann@example.org)", "\\("),
        ("[a](javascript:alert(1))", "[a]\\(javascript:", "[a]("),
        ("[a]( data:text/html,x)", "[a]\\( data:", "[a]("),
        ("[b][r]\n\n[r]: JavaScript:alert(1)", "[r]\\: JavaScript:", "[r]: "),
        ("turned \u202e about", "turned U+202E about", "\u202e"),
    ],
)
def test_links_of_people_lead_to_pages_and_mail_alone(written: str, there: str, gone: str) -> None:
    assert there in tamed(written)
    assert gone not in tamed(written)
