"""Texts of files lose their secrets and keep their lines."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.capturing import SECRET
from vestige.capture.contents import GONE, MOST, Unkept, aligned, blob_id, content

if TYPE_CHECKING:
    from vestige.secrets import Redactor

KEY = b"k" * 32
BODY = "\n".join("aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC3dE5fG7hI9jK1lM3nO5pQ7rS9tU1v" for _ in range(4))
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"


def test_a_text_without_secrets_is_kept_as_it_is_by_its_blob(redactor: Redactor) -> None:
    data = "one = 1\r\n\tzwei = 'ä'\n".encode()
    one = content(data, redactor, KEY)
    git = subprocess.run(["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True)
    assert (one.text.encode(), one.ref, one.changed) == (data, f"git:{git.stdout.decode().strip()}", {})


def test_a_secret_goes_and_its_line_can_still_be_told_by_whoever_has_the_key(redactor: Redactor) -> None:
    line = f"token = '{SECRET}'"
    data = f"a = 1\n{line}\nb = 2\n".encode()
    one = content(data, redactor, KEY)
    assert SECRET not in one.text
    assert one.text.split("\n")[0::2] == ["a = 1", "b = 2"]
    digest = hmac.new(KEY, b"vestige/line/v1\n" + line.encode(), hashlib.sha256).hexdigest()[:32]
    assert one.changed == {"2": digest}
    assert one.ref.startswith("keyed:")
    assert blob_id(data) not in one.ref
    assert content(data, redactor, b"j" * 32).changed != one.changed


def test_a_secret_over_several_lines_leaves_as_many(redactor: Redactor) -> None:
    data = f"first\n{PEM}\nlast\n{PEM}\nend".encode()
    one = content(data, redactor, KEY)
    before, after = data.decode().split("\n"), one.text.split("\n")
    assert len(after) == len(before)
    assert BODY.split("\n")[0] not in one.text
    for at in (0, 7, 14):
        assert after[at] == before[at]
    assert GONE in after
    assert set(one.changed) == {str(at + 1) for at, line in enumerate(after) if line != before[at]}


LINE = st.sampled_from(["", "}", "x = 1", "y = 2", "[redacted:x:0123456789abcdef]"])


@given(st.lists(LINE, max_size=12), st.data())
def test_lines_stay_at_their_places_whatever_was_joined(before: list[str], data: st.DataObject) -> None:
    after = list(before)
    if before:
        start = data.draw(st.integers(0, len(before) - 1))
        end = data.draw(st.integers(start + 1, len(before)))
        after[start:end] = ["[redacted:rule:0123456789abcdef]"]
        assert aligned(before, after)[:start] == before[:start]
    result = aligned(before, after)
    assert len(result) == len(before)
    assert set(result) <= {*after, GONE}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet="ab ={}\t", max_size=8), max_size=20), st.integers(0, 20))
def test_wherever_a_secret_stands_all_other_lines_stay(redactor: Redactor, lines: list[str], at: int) -> None:
    lines.insert(at, f'key = "{SECRET}"')
    number = lines.index(f'key = "{SECRET}"')
    one = content("\n".join(lines).encode(), redactor, KEY)
    assert set(one.changed) == {str(number + 1)}
    assert [line for place, line in enumerate(one.text.split("\n")) if place != number] == (
        lines[:number] + lines[number + 1 :]
    )


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b", b"x" * (MOST + 1)])
def test_what_is_no_text_or_too_large_is_not_kept(redactor: Redactor, data: bytes) -> None:
    with pytest.raises(Unkept):
        content(data, redactor, KEY)


def test_the_largest_is_kept(redactor: Redactor) -> None:
    assert len(content(b"x\n" * (MOST // 2), redactor, KEY).text) == MOST
