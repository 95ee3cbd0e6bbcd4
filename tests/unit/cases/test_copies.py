"""Copies of a case: nothing an event or a person says is taken for a formula, for markup, or for a pattern's syntax."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vestige.cases import Case, Item, stix
from vestige.cases.items import body_of
from vestige.cases.stix import quoted
from vestige.cases.writing import COLUMNS, as_csv, as_json, as_markdown, code, event_line, plain, tamed

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = 1_764_000_000_123_456_000
EVENT = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
CASE = Case(
    "01KAPCASE00000000000000000",
    "a *case*",
    "# big",
    "open",
    "ann",
    ("ben",),
    ("t",),
    "",
    "ann",
    AT,
    "ann",
    AT,
    1,
    1,
    5,
)


def bundle(case: Case, items: list[Item], server: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b"".join(stix.bundle(case, items, server)))
    return found


def item(number: int, kind: str, **fields: Any) -> Item:
    evidence = {"evidence": fields.pop("evidence")} if "evidence" in fields else {}
    return Item(f"01KAPITEM{number:017}", kind, body_of(kind, fields) | evidence, 7, "ann", AT, "ben", AT + 1, 1)


def line(**event: Any) -> dict[str, Any]:
    pin = {
        "event_id": EVENT, "leaf_hash": "ab" * 32, "annotation": event.pop("annotation", ""), "pinned": False,
        "added_by": "ann", "added_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return {"event": {"id": EVENT} | event, "pin": pin, "integrity": "intact"}


@given(st.text(), st.text())
def test_no_cell_of_a_table_is_a_formula_and_none_is_torn(message: str, annotation: str) -> None:
    written = b"".join(as_csv([line(message=message, annotation=annotation, actor={"id": "=1+1"})])).decode()
    header, row = csv.reader(io.StringIO(written, newline=""))
    assert tuple(header) == COLUMNS
    cells = dict(zip(header, row, strict=True))
    assert not any(cell[:1] in "=+-@\t\r\n" for cell in row if cell)
    for name, text in (("message", message), ("annotation", annotation), ("actor_id", "=1+1")):
        assert cells[name].removeprefix("'") == text.encode("utf-8", "replace").decode().removeprefix("'")


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_what_an_event_says_is_code_in_one_line_of_a_table(text: str) -> None:
    made = code(text)
    assert "\n" not in made
    assert not re.search(r"(?<!\\)\|", made)
    if made:
        fence = re.match(r"`+", made)
        assert fence is not None
        inner = made[len(fence[0]) : -len(fence[0])]
        assert fence[0] not in re.findall(r"`+", inner)


@given(st.text(), st.text(), st.text(), st.text())
@example("x | # `<b>`", "\n\n# big", "a\\|<img src=x>", "[x](y)")
def test_nothing_of_an_event_stands_outside_of_code(kind: str, when: str, who: str, what: str) -> None:
    event = {"event_type": kind, "occurred_at": when, "actor": {"id": who}, "message": what}
    page = b"".join(as_markdown(CASE, lambda _: [], [line(**event)], str, [])).decode()
    row = page[page.index("|---|\n") + len("|---|\n") :]
    assert row.count("\n") == 1
    cells = re.split(r"(?<!\\)\|", row.strip())[1:-1]
    assert len(cells) == 9
    # A bar behind an even number of backslashes would end the cell.
    assert not re.search(r"(?<!\\)(?:\\\\)+\|", row)
    for cell in [*cells[:4], event_line({"id": EVENT} | event)]:
        assert _outside_code(cell.replace(f"(event {EVENT})", "")).strip() in {"", "no time"}


def _outside_code(text: str) -> str:
    """What is left of a line when its code spans are taken out, as CommonMark pairs their fences."""
    left, at = "", 0
    while (opened := re.search(r"`+", text[at:])) is not None:
        left += text[at : at + opened.start()]
        at += opened.end()
        closed = re.search(rf"(?<!`){opened[0]}(?!`)", text[at:])
        assert closed is not None
        at += closed.end()
    return left + text[at:]


def test_what_a_person_wrote_is_below_our_headings_and_no_html() -> None:
    assert tamed("# a\n###### b\ntext # c\n<script>") == "### a\n###### b\ntext # c\n&lt;script>"
    assert plain("a\n# *b* <i> [c](d)|") == r"a \# \*b\* \<i\> \[c\](d)\|"


def test_a_page_has_hypotheses_with_their_sides_and_notes_with_their_events() -> None:
    weighed = [{"event_id": EVENT, "side": "against", "comment": "*late*", "position": 1, "leaf_hash": "00"}]
    items = [
        item(1, "note", text=f"see [[event:{EVENT}]]"),
        item(2, "hypothesis", title="it was *he*", verdict="refuted", reason="late", evidence=weighed),
        item(3, "task", title="ask", status="done"),
        item(4, "indicator", type="ipv4", value="192.0.2.1"),
    ]
    lines = [line(occurred_at="2026-01-01T00:00:00Z", event_type="auth.login", message="a | b `c`")]

    def of_kind(kind: str) -> list[Item]:
        return [one for one in items if one.kind == kind]

    page = b"".join(as_markdown(CASE, of_kind, lines, lambda event: f"LIVE {event}", ["made now"])).decode()
    assert page.startswith("# a \\*case\\*\n")
    assert "### big" in page
    assert f"see LIVE {EVENT}" in page
    assert f"Evidence against:\n\n- LIVE {EVENT}: \\*late\\*" in page
    assert "Evidence for" not in page
    assert "- [x] ask (status done)" in page
    assert "- ipv4 `192.0.2.1`" in page
    assert page.rstrip().splitlines()[-1].count("intact") == 1
    assert "`` a \\| b `c` ``" in page


def test_the_whole_of_it_is_one_object() -> None:
    body = b"".join(as_json({"id": CASE.id}, [item(1, "note", text="a"), item(2, "note", text="b")], [line(), line()]))
    found = json.loads(body)
    assert [one["text"] for one in found["items"]] == ["a", "b"]
    assert len(found["events"]) == 2
    assert json.loads(b"".join(as_json({}, [], []))) == {"case": {}, "items": [], "events": []}


INDICATORS = {
    "ipv4": ("192.0.2.1", "[ipv4-addr:value = '192.0.2.1']"),
    "ipv6": ("2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"),
    "domain": ("evil.example", "[domain-name:value = 'evil.example']"),
    "url": ("https://x/a'b\\c", "[url:value = 'https://x/a\\'b\\\\c']"),
    "email": ("a@b.c", "[email-addr:value = 'a@b.c']"),
    "user": ("o'neil", "[user-account:account_login = 'o\\'neil']"),
    "file": ("C:\\x.exe", "[file:name = 'C:\\\\x.exe']"),
    "md5": ("a" * 32, f"[file:hashes.MD5 = '{'a' * 32}']"),
    "sha1": ("a" * 40, f"[file:hashes.'SHA-1' = '{'a' * 40}']"),
    "sha256": ("a" * 64, f"[file:hashes.'SHA-256' = '{'a' * 64}']"),
    "sha512": ("a" * 128, f"[file:hashes.'SHA-512' = '{'a' * 128}']"),
}


@pytest.mark.parametrize("kind", INDICATORS)
def test_an_indicator_is_a_pattern(kind: str) -> None:
    value, pattern = INDICATORS[kind]
    found = bundle(CASE, [item(1, "indicator", type=kind, value=value, text="why")], "vestige.example")
    author, indicator, grouping = found["objects"]
    assert (indicator["pattern"], indicator["pattern_type"], indicator["description"]) == (pattern, "stix", "why")
    assert grouping["object_refs"] == [indicator["id"]]
    assert indicator["created_by_ref"] == grouping["created_by_ref"] == author["id"]
    assert indicator["valid_from"] == "2025-11-24T16:00:00.123Z"


def test_entities_are_observables_with_the_ids_the_standard_gives_them() -> None:
    items = [
        item(1, "entity", type="ip", value="198.51.100.3"),
        item(2, "entity", type="identity", value="a@b.c"),
        item(3, "entity", type="session", value="s1"),
        item(4, "entity", type="ip", value="198.51.100.3"),
    ]
    found = bundle(CASE, items, "vestige.example")
    assert found == bundle(CASE, items, "vestige.example")
    observables = found["objects"][1:-1]
    assert found["objects"][-1]["object_refs"] == [one["id"] for one in observables]
    # The id that OASIS's own library makes for this address.
    assert observables[0]["id"] == "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
    assert [one["type"] for one in observables] == ["ipv4-addr", "email-addr"]


def test_a_bundle_is_written_as_it_is_read() -> None:
    """Of any number of items: the first are out before the last are asked for."""
    asked: list[int] = []

    def items() -> Iterator[Item]:
        for number in range(1, 1000):
            asked.append(number)
            yield item(
                number, "entity", type="ip", value=f"203.0.113.{number % 250}" if number < 500 else f"::{number}"
            )

    lines = stix.bundle(CASE, items(), "vestige.example")
    assert b'"bundle"' in next(lines)
    assert [b'"identity"' in next(lines), asked] == [True, []]
    assert [b"203.0.113.1" in next(lines), asked] == [True, [1]]
    assert len(json.loads(b"".join(stix.bundle(CASE, items(), "vestige.example")))["objects"]) == 250 + 500 + 2


def test_a_case_without_any_has_no_empty_grouping() -> None:
    assert [one["type"] for one in bundle(CASE, [], "vestige.example")["objects"]] == ["identity"]


@given(st.text())
def test_a_pattern_ends_its_text_where_the_text_ends(text: str) -> None:
    made = quoted(text)
    assert made[0] == made[-1] == "'"
    assert re.fullmatch(r"(?:[^'\\]|\\.)*", made[1:-1], re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", made[1:-1], flags=re.DOTALL) == text
