from __future__ import annotations

import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from vestige.secrets.views import unescaped, unquoted

TEXT = st.text(st.sampled_from("aZ09 \"'/\n\r\t\b\fé€😀{}[]:,"), max_size=40)


@given(TEXT, st.integers(0, 3))
def test_escapes_of_any_depth_read_as_what_they_stand_for(text: str, depth: int) -> None:
    written = text
    for _ in range(depth):
        written = json.dumps(written)[1:-1]
    assert unescaped(written.encode()).text == text.encode()


@given(TEXT)
def test_percent_encoding_of_any_depth_reads_as_what_it_stands_for(text: str) -> None:
    for _ in range(3):
        assert unquoted(quote(text, safe="").encode()).text == text.encode()


@given(st.binary(max_size=60) | st.text('\\nu0041"%2x', max_size=60).map(str.encode), st.data())
def test_the_spans_of_a_view_cover_the_text_without_gap_or_overlap(text: bytes, data: st.DataObject) -> None:
    for make in (unescaped, unquoted):
        view = make(text)
        if not view.text:
            continue
        cut = data.draw(st.integers(0, len(view.text)))
        assert view.span(0, len(view.text)) == (0, len(text))
        if 0 < cut < len(view.text):
            (_, left), (right, _) = view.span(0, cut), view.span(cut, len(view.text))
            assert left >= right
            inside = left - right
            assert inside == 0 or text[right : right + 1] in b"\\%"
            assert make(text[:right]).text == view.text[: len(make(text[:right]).text)]


def test_a_part_of_an_escape_is_the_whole_escape() -> None:
    view = unescaped(rb"a\u00e9b")
    assert view.text == "aéb".encode()
    assert view.span(1, 2) == view.span(2, 3) == view.span(1, 3) == (1, 7)
    assert view.span(0, 1) == (0, 1)
    assert view.span(3, 4) == (7, 8)


def test_a_pair_of_surrogates_is_one_character() -> None:
    view = unescaped(rb"\ud83d\ude00\ude00")
    assert view.text == "😀".encode() + "\ude00".encode("utf-8", "surrogatepass")
    assert view.span(0, 4) == (0, 12)
