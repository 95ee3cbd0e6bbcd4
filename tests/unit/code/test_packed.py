"""Heads of bundles, and names of refs."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.code.packed import check_ref, read_head
from vestige.model.errors import FormatError, TooLargeError

OID = b"1" * 40
GOOD = b"# v2 git bundle\n-" + b"2" * 40 + b" before\n" + OID + b" refs/heads/main\n" + OID + b" HEAD\n\nPACK"


def test_a_head_is_read_and_the_pack_is_found_behind_it() -> None:
    head = read_head(io.BytesIO(GOOD))
    assert head.refs == {"refs/heads/main": OID.decode(), "HEAD": OID.decode()}
    assert head.needs == ("2" * 40,)
    assert GOOD[head.pack_at :] == b"PACK"
    long = b"# v3 git bundle\n@object-format=sha256\n" + b"1" * 64 + b" refs/tags/x\n\n"
    assert read_head(io.BytesIO(long)).object_format == "sha256"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"# v4 git bundle\n", GOOD.replace(b"v2", b"v1"), b"# v2 git bundle\n\nPACK", GOOD[:40],
        b"# v2 git bundle\n@filter=x\n\n", b"# v3 git bundle\n@filter=blob:none\n" + OID + b" refs/heads/x\n\n",
        b"# v3 git bundle\n@object-format=md5\n" + OID + b" refs/heads/x\n\n",
        b"# v2 git bundle\n" + OID + b"\n\n", b"# v2 git bundle\n" + OID + b" --exec\n\n",
        b"# v2 git bundle\nzz refs/heads/x\n\n", b"# v2 git bundle\n" + OID[:39] + b" refs/heads/x\n\n",
    ],
)  # fmt: skip
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_head(io.BytesIO(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_refused(data: bytes) -> None:
    for text in (data, GOOD[:80] + data):
        try:
            head = read_head(io.BytesIO(text))
        except (FormatError, TooLargeError):
            continue
        assert head.refs
        assert all(check_ref(name) for name in head.refs)


@pytest.mark.parametrize(
    "name",
    ["refs/heads/a..b", "refs/heads/a b", "refs/heads/.a", "refs/heads/a.lock", "refs/heads/a\0b", "refs/heads/-a",
     "refs/heads/a/", "refs//a", "main", "-x", "refs/heads/a~1", "refs/heads/a^", "refs/heads/@{1}", "refs/a\nb",
     "refs/../config", "refs/heads/a.", "refs/" + "a" * 500],
)  # fmt: skip
def test_a_hostile_ref_is_none(name: str) -> None:
    with pytest.raises(FormatError):
        check_ref(name)


def test_a_ref_may_have_any_letters() -> None:
    for name in ("HEAD", "refs/heads/main", "refs/heads/höhe#1", "refs/vestige/" + "1" * 40, "refs/heads/a/b-c"):
        assert check_ref(name) == name
