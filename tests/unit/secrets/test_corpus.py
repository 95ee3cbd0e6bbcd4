"""Real transcripts: nothing of them is taken, and whatever is planted in them is."""

from __future__ import annotations

import gzip
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.secrets import Redactor, Report, load_rules
from vestige.secrets.seams import pieces, strings, values
from vestige.secrets.selftest import CANARIES, FORMS, Canary

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus
REDACTOR = Redactor(load_rules(), b"k" * 32)


@lru_cache
def lines_of(folder: Path) -> list[bytes]:
    files = sorted((folder / "ai-sessions").rglob("*.json*"))
    data = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
    return [line for text in data for line in text.splitlines(keepends=True)]


def test_nothing_of_the_transcripts_is_taken_for_a_secret(corpus: Path) -> None:
    lines = lines_of(corpus)
    assert len(lines) > 5000
    answers = list(REDACTOR.records(lines))
    assert [record for record, _ in answers] == lines
    assert sum((report for _, report in answers), Report()) == Report()


@pytest.mark.parametrize("rule", sorted(CANARIES))
def test_a_secret_planted_at_any_string_of_a_transcript_goes(corpus: Path, rule: str) -> None:
    random = Random(rule)
    lines = [line for line in lines_of(corpus) if len(line) < 20_000 and values(line) is not None]
    for line in random.sample(lines, 4):
        places = [piece for piece in pieces(line) if piece.end > piece.start]
        assert len(strings(line)) >= len(places)
        for piece in random.sample(places, min(6, len(places))):
            canary = Canary(*CANARIES[rule], random)
            text = orjson.dumps(f" {canary.before}{canary.secret} ")[1:-1]
            planted = line[: piece.start] + text + line[piece.end :]
            redacted, report = REDACTOR.json_line(planted)
            assert report
            assert [trace for trace in canary.traces() if trace in redacted.decode()] == []
            assert orjson.loads(redacted).keys() == orjson.loads(line).keys()
            assert redacted.startswith(line[: piece.start])


@pytest.mark.parametrize("form", list(FORMS))
def test_a_secret_of_any_form_between_the_records_of_a_transcript_goes(corpus: Path, form: str) -> None:
    random = Random(form)
    lines = lines_of(corpus)
    for rule in sorted(CANARIES):
        start = random.randrange(len(lines) - 4)
        planted = FORMS[form](Canary(*CANARIES[rule], random))
        records = [*lines[start : start + 2], *planted.records, *lines[start + 2 : start + 4]]
        answers = [record for record, _ in REDACTOR.records(records)]
        assert answers[:2] == records[:2]
        left = b"".join(answers[2 : 2 + len(planted.records)]).decode()
        assert [trace for trace in planted.traces if trace in left] == []
