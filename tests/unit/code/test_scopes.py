"""What files are made of, by language, and what has no scopes and says so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.code import scopes
from vestige.code.parsing import GRAMMARS
from vestige.code.scopes import Scope, Scopes

FILES = {
    "a.py": ("@dec\ndef f(x):\n    return 1\n\nclass A:\n    def m(self):\n        def inner(): pass\n",
             [("f", "function", 1, 3), ("A", "class", 5, 7), ("A.m", "method", 6, 7), ("A.m.inner", "function", 7, 7)]),
    "a.js": ("export const f = (x) => {\n return 1;\n};\nclass A {\n m() {}\n}\nfunction g() {}\n",
             [("f", "function", 1, 3), ("A", "class", 4, 6), ("A.m", "method", 5, 5), ("g", "function", 7, 7)]),
    "a.ts": ("interface I {\n a: string\n}\nexport class B<T> {\n private m(): void {}\n}\n",
             [("I", "interface", 1, 3), ("B", "class", 4, 6), ("B.m", "method", 5, 5)]),
    "a.tsx": ("export function C() {\n  return <div/>;\n}\n", [("C", "function", 1, 3)]),
    "a.go": ("package x\n\ntype T struct {\n a int\n}\n\nfunc (t *T) M() {\n}\nfunc F() int { return 1 }\n",
             [("T", "type", 3, 5), ("M", "method", 7, 8), ("F", "function", 9, 9)]),
    "a.rs": ("struct S { a: i32 }\nimpl S {\n    fn m(&self) {}\n}\nfn main() {}\n",
             [("S", "struct", 1, 1), ("S", "impl", 2, 4), ("S.m", "method", 3, 3), ("main", "function", 5, 5)]),
    "A.java": ("class A {\n  A() {}\n  int m() {\n    return 1;\n  }\n}\n",
               [("A", "class", 1, 6), ("A.A", "method", 2, 2), ("A.m", "method", 3, 5)]),
    "a.c": ("struct s { int a; };\nstruct s *use(void);\nstatic int *f(int x)\n{\n  return 0;\n}\n",
            [("s", "struct", 1, 1), ("f", "function", 3, 6)]),
    "a.cpp": ("namespace n {\nclass A { void m() {} };\nvoid A::q() {}\n}\n",
              [("n", "namespace", 1, 4), ("n.A", "class", 2, 2), ("n.A.m", "method", 2, 2),
               ("n.A::q", "function", 3, 3)]),
    "a.cs": ("class A {\n  int M() { return 1; }\n}\n", [("A", "class", 1, 3), ("A.M", "method", 2, 2)]),
    "a.rb": ("module M\n  class A\n    def m\n    end\n  end\nend\n",
             [("M", "module", 1, 6), ("M.A", "class", 2, 5), ("M.A.m", "method", 3, 4)]),
    "a.php": ("<?php\nclass A {\n  function m() {}\n}\nfunction f() {}\n",
              [("A", "class", 2, 4), ("A.m", "method", 3, 3), ("f", "function", 5, 5)]),
    "run": ("#!/usr/bin/env bash\nf() {\n  echo hi\n}\n", [("f", "function", 2, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_functions_classes_and_methods_are_found_with_their_lines(path: str) -> None:
    text, wanted = FILES[path]
    assert list(Scopes().of("0" * 40, path, text.encode()).scopes) == [Scope(*one) for one in wanted]


def test_every_language_is_tried_above() -> None:
    assert {Scopes.language(path, text.encode()) for path, (text, _) in FILES.items()} == set(GRAMMARS)


def test_a_file_without_scopes_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Scopes()
    assert there.of("1" * 40, "a.unheard", b"x").unscoped == "its language is not known"
    assert there.of("2" * 40, "a.py", b"x = 1\n").unscoped == ""
    monkeypatch.setattr(scopes, "MOST_BYTES", 3)
    assert "3 bytes" in there.of("3" * 40, "a.py", b"x = 1\n").unscoped
    monkeypatch.setattr(scopes, "MOST_BYTES", 100)
    monkeypatch.setattr(scopes, "SECONDS", 0.001)
    assert "could not be parsed" in there.of("4" * 40, "a.py", b"y = 1\n").unscoped


def test_colours_are_told_in_the_units_of_a_browser_line_by_line() -> None:
    text = 'x = "\N{GRINNING FACE}é"  # é\ns = """one\ntwo"""\n'.encode()
    found = [tuple(one) for one in Scopes().of("5" * 40, "a.py", text).colours]
    assert found == [(1, 4, 9, "string"), (1, 11, 14, "comment"), (2, 4, 10, "string"), (3, 0, 6, "string")]


@settings(max_examples=5, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(sorted(FILES)))
def test_any_bytes_are_parsed_within_the_bounds(data: bytes, path: str) -> None:
    made = Scopes().of("6" * 40, path, data)
    lines = data.count(b"\n") + 1
    assert all(1 <= one.start <= one.end <= lines for one in made.scopes)
    assert all(1 <= line <= lines and start < end for line, start, end, _ in made.colours)
