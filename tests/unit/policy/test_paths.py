"""Patterns of paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.policy.paths import check, matching


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("payments", ["payments/x.py", "src/payments/x.py", "src/payments"], ["src/mypayments/x", "payments.py"]),
        ("/payments/", ["payments/x.py"], ["src/payments/x.py"]),
        ("src/auth", ["src/auth/a.py", "src/auth"], ["x/src/auth/a.py", "src/authx"]),
        ("*.py", ["a.py", "src/a.py", "src/a.py/b"], ["a.pyc", "apy"]),
        ("**/*.rs", ["main.rs", "src/main.rs", "a/b/c.rs"], ["main.rsx"]),
        ("src/**", ["src/a", "src/a/b"], ["src", "x/src/a"]),
        ("src/**/x.py", ["src/x.py", "src/a/b/x.py"], ["src/ax.py"]),
        ("src/*.py", ["src/a.py"], ["src/a/b.py"]),
        ("a?c", ["abc", "x/abc"], ["ac", "a/c"]),
        ("a[b]c", ["a[b]c"], ["abc"]),
        ("lib.rs", ["lib.rs", "x/lib.rs"], ["x/mylib.rs"]),
    ],
)
def test_what_matches(pattern: str, yes: list[str], no: list[str]) -> None:
    assert matching([*yes, *no], [check(pattern)]) == yes


@pytest.mark.parametrize("path", ["SRC/Payments/x.py", "src/ｐayments/x.py", "src/PAYMENTS"])
def test_case_and_form_of_unicode_hide_nothing(path: str) -> None:
    assert matching([path], ["src/payments"]) == [path]
    assert matching(["caf\u00e9/x"], ["cafe\u0301"]) == ["caf\u00e9/x"]


@pytest.mark.parametrize("pattern", ["", "..", "a/../b", "./a", "a//b", "a\\b", "!a", "/", "a\0"])
def test_what_no_path_can_match_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"needed|parted|turned"):
        check(pattern)


@given(st.text("ab*?/.[](){}^$+|", min_size=1, max_size=30), st.text("ab/.*", max_size=30))
def test_no_pattern_makes_it_fall_over(pattern: str, path: str) -> None:
    try:
        check(pattern)
    except ValueError:
        return
    assert matching([path], [pattern]) in ([], [path])


@given(
    st.lists(
        st.text("abc.", min_size=1, max_size=5).filter(lambda name: name not in {".", ".."}), min_size=1, max_size=4
    )
)
def test_a_path_matches_itself_and_what_is_in_it(names: list[str]) -> None:
    path = "/".join(names)
    assert matching([path, f"{path}/x"], [f"/{path}"]) == [path, f"{path}/x"]
