"""The scoreboard as a page: the same corpus and the same program give the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.oracles import audit, counts, filebeat, generic, pairs, panther

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from support.oracles.table import Section

ORACLES = (filebeat, audit, counts, pairs, panther, generic)
_HEAD = """# What others make of the same logs

Written by `make oracle`; a test fails when it no longer tells what a run finds. Real logs are read as an import reads them,
recognised by their content, and held beside what other tools make of them. The corpus lies beside the project, not in it;
`VESTIGE_TEST_CORPUS` names its folder. A value that differs counts as a disagreement, whatever the reason.
"""


def page(corpus: Path) -> str:
    """Every oracle's sections."""
    found = (section for oracle in ORACLES for section in oracle.sections(corpus))
    return "\n".join([_HEAD, *("\n".join(_lines(section)) + "\n" for section in found)])


def _lines(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    yield section.intro
    if section.rows:
        yield ""
        yield _row(section.header)
        yield _row(["---"] * len(section.header))
        yield from map(_row, section.rows)
    if section.notes:
        yield ""
        yield from (f"- {note}" for note in section.notes)


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
