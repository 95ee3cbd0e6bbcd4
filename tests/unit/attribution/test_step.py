from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vestige.attribution.diff import align, evidenced
from vestige.attribution.origins import UNKNOWN, Grade, Kind, Lines, Origin, blend, split, unread
from vestige.attribution.step import How, advance, compose, said
from vestige.attribution.tokens import evident

PERSON = Origin(Kind.HUMAN, Grade.OBSERVED, person="a@example.com")
AGENT = Origin(Kind.AI, Grade.OBSERVED, session="s1", call="c1")
OTHER = Origin(Kind.AI, Grade.OBSERVED, session="s2", call="c2")

FUNCTION = ("def pay(order, total):", "    charge = order.price * total", "", "    return charge", "}")


def kinds(old: Lines, new: list[str], actor: Origin = AGENT, **more: object) -> list[str]:
    return [str(origin.kind) for origin in advance(old, new, actor, **more).lines.origins]  # type: ignore[arg-type]


def test_ten_lines_of_a_person_beside_an_agents_edit_are_not_the_agents() -> None:
    edited = advance(Lines.of(FUNCTION), [FUNCTION[0], "    audit(order)", *FUNCTION[1:]], AGENT).lines
    ten = [f"more_{number} = other_{number}(thing)" for number in range(10)]
    after = advance(edited, [*edited.texts, *ten]).lines
    assert [origin.kind for origin in after.origins[-10:]] == [Kind.UNKNOWN] * 10
    assert [at for at, origin in enumerate(after.origins) if origin.kind is Kind.AI] == [1]


def test_blank_lines_and_braces_are_no_evidence() -> None:
    assert not any(map(evident, ("", "   ", "}", "});", "{", "else:", "    return", "# ---", "end", "x")))
    assert all(map(evident, ("import json", "x = total", "def main():", "    self.total += 1", "# why")))
    old, new = ["first_thing()", "", "}", "last_thing()"], ["another()", "", "}", "else_where()"]
    assert evidenced(old, align(old, new)) == [-1, -1, -1, -1]
    assert compose(new, [Lines.of(old, AGENT)]).lines == Lines.of(new)
    near = ["first_thing()", "", "}", "else_where()"]
    assert [origin.kind for origin in compose(near, [Lines.of(old, AGENT)]).lines.origins] == ["ai"] * 3 + ["unknown"]


def test_what_an_agent_adds_is_its_own_and_the_rest_stays_whose_it_was() -> None:
    old = Lines.of(FUNCTION, PERSON)
    new = [*FUNCTION[:3], "    notify(customer)", *FUNCTION[3:], "", "def refund(payment):", "    pass", "}"]
    assert kinds(old, new) == ["human"] * 3 + ["ai"] + ["human"] * 2 + ["ai"] * 4


def test_an_indented_block_stays_whose_it_was() -> None:
    old = Lines.of(("setup_everything()", "first_step(alpha)", "second_step(beta)"), PERSON)
    new = ["setup_everything()", "if enabled_by(config):", "    first_step(alpha)", "    second_step(beta)"]
    assert kinds(old, new) == ["human", "ai", "human", "human"]


def test_a_moved_block_stays_whose_it_was_also_into_another_file() -> None:
    old = Lines(("first_step(alpha)", "second_step(beta)", "third_step(gamma)"), (PERSON, AGENT, PERSON))
    step = advance(old, ["second_step(beta)", "third_step(gamma)", "first_step(alpha)"], OTHER)
    assert [origin.who for origin in step.lines.origins] == [AGENT.who, PERSON.who, PERSON.who]
    gone = {"first_step(alpha)": PERSON}
    assert kinds(Lines.of(["begin_here()"], PERSON), ["begin_here()", "first_step(alpha)"], gone=gone) == ["human"] * 2


def test_a_formatter_changes_no_owner() -> None:
    old = Lines(("value = compute(alpha, 'beta', gamma)", "other = [one_thing, two_things]"), (PERSON, AGENT))
    new = [
        "value = compute(",
        "    alpha,",
        '    "beta",',
        "    gamma,",
        ")",
        "other = [",
        "  one_thing,",
        "  two_things,",
        "]",
    ]
    for actor in (OTHER, UNKNOWN):
        assert kinds(old, new, actor) == ["human"] * 5 + ["ai"] * 4
    back = advance(advance(old, new, OTHER).lines, list(old.texts), OTHER).lines
    assert [origin.who for origin in back.origins] == [PERSON.who, AGENT.who]


def test_lines_of_two_that_a_formatter_joins_are_mixed() -> None:
    old = Lines(("call_it(", "    alpha,", "    beta,", ")"), (PERSON, PERSON, AGENT, PERSON))
    assert kinds(old, ["call_it(alpha, beta)"], UNKNOWN) == ["mixed"]


def test_of_a_piece_of_a_line_that_two_calls_wrote_no_call_is_named() -> None:
    mine, theirs = Origin(Kind.AI, Grade.OBSERVED, "s1", "c1"), Origin(Kind.AI, Grade.OBSERVED, "s1", "c2")
    first = Lines.of(["def take(order, amount, currency):"], mine)
    both = advance(first, ["def take(order, amount, currency, note):"], theirs).lines
    assert (both.origins[0].call, both.origins[0].shared) == ("c2", True)
    pieces = ["def take(", "    order,", "    amount,", "    currency,", "    note,", "):"]
    assert set(advance(both, pieces, UNKNOWN).lines.origins) == {Origin(Kind.AI, Grade.OBSERVED)}
    # Of a line of one call each piece is that call's; a whole line that is moved keeps its name.
    assert {origin.call for origin in advance(first, [*pieces[:-2], "):"], UNKNOWN).lines.origins} == {"c1"}
    assert advance(both, ["# why", *both.texts], UNKNOWN).lines.origins[1] == both.origins[0]


def test_a_changed_value_is_no_form() -> None:
    old = Lines.of(["timeout = 30", "name = 'one two'"], PERSON)
    assert kinds(old, ["timeout = 60", "name = 'one  two'"]) == ["mixed", "mixed"]


def test_signs_alone_make_no_form() -> None:
    old = Lines(("keep_this()", "});", "keep_that()"), (PERSON, AGENT, PERSON))
    assert kinds(old, ["keep_this()", "}", "    });", "keep_that()"], UNKNOWN)[1] == "unknown"


def test_a_line_that_keeps_words_of_another_is_mixed_and_one_that_does_not_is_new() -> None:
    old = Lines.of(["retries = settings.limit", "unrelated_thing()"], PERSON)
    assert kinds(old, ["retries = settings.limit + margin", "unrelated_thing()"]) == ["mixed", "human"]
    assert kinds(old, ["completely(different)", "unrelated_thing()"]) == ["ai", "human"]
    touched = advance(Lines.of(["retries = settings.limit"], AGENT), ["retries = settings.limit * 2"])
    assert (touched.lines.origins[0].kind, touched.lines.origins[0].call) == (Kind.MIXED, "c1")
    assert touched.how == (How.TOUCHED,)


def test_an_agents_line_that_another_agent_changes_is_in_the_others_name() -> None:
    step = advance(Lines.of(["retries = settings.limit"], AGENT), ["retries = settings.limit * 2"], OTHER)
    assert (step.lines.origins[0].who, step.lines.origins[0].shared) == (OTHER.who, True)


def test_of_equal_lines_of_which_one_went_nobody_knows_which_stayed() -> None:
    old = Lines(
        ("start_here()", "same_line()", "between_them()", "same_line()", "end_here()"),
        (PERSON, PERSON, PERSON, AGENT, PERSON),
    )
    assert kinds(old, ["start_here()", "same_line()", "end_here()"], OTHER) == ["human", "unknown", "human"]
    assert kinds(old, ["start_here()", "same_line()", "between_them()", "same_line()", "end_here()", "x_new()"])[
        1:4
    ] == ["human", "human", "ai"]


def test_a_brace_that_may_have_stayed_is_nobodys() -> None:
    old = Lines.of(("old_one()", "}", "old_two()"), PERSON)
    assert kinds(old, ["new_one()", "}", "new_two()"]) == ["ai", "unknown", "ai"]


def test_what_a_tool_does_not_say_it_wrote_is_not_its_own() -> None:
    old = Lines.of(["keep_this()"])
    new = ["keep_this()", "by_the_tool( 'a' )", "by_somebody_else()"]
    assert kinds(old, new, stated=said(['by_the_tool("a")'])) == ["unknown", "ai", "unknown"]


def test_a_text_of_two_sides_has_the_lines_of_both_and_new_ones_of_nobody() -> None:
    base = ["top_line()", "bottom_line()"]
    ours, theirs = Lines.of([*base[:1], "our_line()", *base[1:]], AGENT), Lines.of([*base, "their_line()"], OTHER)
    text = ["top_line()", "our_line()", "resolved_by_hand()", "bottom_line()", "their_line()"]
    assert [origin.call for origin in compose(text, [ours, theirs]).lines.origins] == ["c1", "c1", "", "c1", "c2"]


def test_sides_that_contradict_each_other_make_a_line_unknown() -> None:
    text = ["top_line()", "new_thing()"]
    sides = [Lines.of(["top_line()"], AGENT), Lines.of(["top_line()"], OTHER)]
    assert compose(text, sides, agree=2).lines.origins == (UNKNOWN, UNKNOWN)
    assert compose(text, sides).lines.origins == (AGENT, UNKNOWN)


def test_unknown_is_never_called_human() -> None:
    assert blend([PERSON, UNKNOWN]) == UNKNOWN
    assert blend([AGENT, UNKNOWN]).kind is Kind.MIXED
    assert blend([PERSON, PERSON]) == PERSON
    assert blend([]) == UNKNOWN


def test_a_line_is_known_no_better_than_its_weakest_part() -> None:
    assert blend([AGENT, PERSON.at_best(Grade.CARRIED)]).grade is Grade.CARRIED
    assert AGENT.at_best(Grade.INFERRED).at_best(Grade.OBSERVED).grade is Grade.INFERRED


def test_files_are_read_as_lines() -> None:
    assert split(b"one\r\ntwo\n\nthree") == ("one", "two", "", "three")
    assert split(b"") == ()
    assert split(b"\xff\n") == ("\udcff",)
    assert unread(b"a\0b") == "not text"
    assert unread(b"a" * (4 << 20)) == ""
    assert "bytes" in unread(b"a" * ((4 << 20) + 1))
    assert "lines" in unread(b"\n" * 100_001)


TEXTS = st.lists(
    st.sampled_from(["alpha_one()", "beta_two()", "gamma_three()", "", "}", "delta = 'x'", "else:"]), max_size=14
)


@given(TEXTS, TEXTS)
def test_lines_that_are_matched_are_equal_and_in_order(old: list[str], new: list[str]) -> None:
    places = [(at, to) for to, at in enumerate(align(old, new)) if at >= 0]
    assert all(old[at] == new[to] for at, to in places)
    assert [at for at, _ in places] == sorted({at for at, _ in places})
    assert align(old, old) == list(range(len(old)))


@given(TEXTS, TEXTS)
def test_a_step_of_nobody_makes_nothing_an_agents_or_a_persons(old: list[str], new: list[str]) -> None:
    assert set(advance(Lines.of(old), new).lines.origins) <= {UNKNOWN}
    assert {origin.kind for origin in advance(Lines.of(old, PERSON), new).lines.origins} <= {Kind.HUMAN, Kind.UNKNOWN}


@given(TEXTS, TEXTS)
def test_a_step_says_something_of_every_line(old: list[str], new: list[str]) -> None:
    step = advance(Lines.of(old, PERSON), new, AGENT)
    assert step.lines.texts == tuple(new)
    assert len(step.lines.origins) == len(step.how) == len(new)


def test_a_line_that_says_nothing_and_moved_is_nobodys() -> None:
    old = Lines.of(("first_thing()", "    pass", "second_thing()", "third_thing()"), PERSON)
    assert kinds(old, ["first_thing()", "second_thing()", "new_thing()", "    pass", "third_thing()"])[2:4] == [
        "ai",
        "unknown",
    ]


def test_a_brace_after_what_was_appended_is_not_the_one_before() -> None:
    old = Lines.of(("old_thing {", "}"), PERSON)
    assert kinds(old, ["old_thing {", "}", "", "new_thing {", "}"]) == ["human", "human", "ai", "ai", "ai"]
