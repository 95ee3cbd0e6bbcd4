"""What is built holds nothing inline that the content policy would refuse: no style, handler, or script of a page."""

from __future__ import annotations

import re

import pytest

from vestige.web import STATIC

# A template of markup within a script is a string that begins with a tag; its attributes may stand without quotes.
MARKUP = re.compile(r"""([`"'])(<[a-z][^`]*?)\1""")
INLINE = re.compile(r"<[a-z][\w-]*(?:\s[^<>]*)?\s((?:style|on[a-z]+)=[^\s>]*)", re.IGNORECASE)
SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style", re.IGNORECASE)


def inline_in_script(text: str) -> list[str]:
    return [inline for _, markup in MARKUP.findall(text) for inline in INLINE.findall(markup)]


def inline_in_page(text: str) -> list[str]:
    return INLINE.findall(text) + SCRIPT.findall(text)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("var a=t(`<div class=bar><i style=width:3px></i></div>`)", ["style=width:3px"]),
        ('var a=t(\'<button type="button" onclick="go()">Go\')', ['onclick="go()"']),
        ("var a=t(`<i class=bar title=\"style=x\">`);b.style.width='3px';i<n&&(e.onclick=f)", []),
        ("var a=`<p>`,b=`</p>`;x.style=`width:${n}px`", []),
    ],
)
def test_an_inline_style_or_handler_is_found(script: str, found: list[str]) -> None:
    assert inline_in_script(script) == found


@pytest.mark.parametrize(
    ("page", "many"),
    [
        ('<body onload="go()"><script>go()</script><style>a{}</style>', 3),
        ('<link rel="stylesheet" href="a.css"><script type="module" src="a.js"></script>', 0),
    ],
)
def test_a_page_is_read_too(page: str, many: int) -> None:
    assert len(inline_in_page(page)) == many


def test_nothing_built_is_inline() -> None:
    page = STATIC / "index.html"
    if not page.is_file():
        pytest.skip("the interface is not built: `make ui`")
    scripts = sorted(STATIC.rglob("*.js"))
    assert any(MARKUP.search(script.read_text(encoding="utf-8")) for script in scripts)
    wrong = {script.name: inline_in_script(script.read_text(encoding="utf-8")) for script in scripts}
    assert {name: found for name, found in wrong.items() if found} == {}
    assert inline_in_page(page.read_text(encoding="utf-8")) == []
