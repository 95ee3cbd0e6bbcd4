"""Whoever is named is asked; what they say is verified, then kept; who does not answer is told of, and asked again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.anchoring import HERE, Authority, Web, web
from support.golden import erase
from support.homes import SERVER, TENANT, Clock, Home, sqlite_home
from support.vouching import OTHER, add, key_of, small
from vestige.anchors import Anchoring, Means, anchors, cosigned, read_witnesses, superlog
from vestige.anchors.stamps import check, read_roots
from vestige.ledger import Draft, Kind
from vestige.model.errors import BusyError, ConflictError, ProofError, SettingsError, SignerError
from vestige.model.principal import Principal
from vestige.outgoing import Outgoing
from vestige.proof import canonical, parse_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.ledger import Ledger

BY = Principal("ann@example.org")
HOUR = 3600 * 10**9


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    place = sqlite_home(tmp_path / "home")
    yield place
    place.close()


@pytest.fixture
def ledger(home: Home) -> Ledger:
    return small(home)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority") / "a")
    yield made
    made.change = bytes


@pytest.fixture
def net(ledger: Ledger, authority: Authority, tmp_path: Path) -> Iterator[Web]:
    authority.change = bytes
    with web(tmp_path / "web", [authority], [[key_of(ledger)], [key_of(ledger)]]) as found:
        yield found


def acts(ledger: Ledger, tenant: str = TENANT) -> list[dict[str, Any]]:
    found = [json.loads(ledger.opened(entry)) for entry in ledger.entries_of(tenant, [Kind.AUDIT])]
    return [one for one in found if one["act"].startswith("anchor.")]


def test_everybody_is_asked_and_what_they_say_is_an_entry(ledger: Ledger, net: Web, authority: Authority) -> None:
    asking = Anchoring(ledger, net.means([0], [0, 1]))
    report = asking.run(TENANT, BY)
    assert (report.size, report.failures, report.contradicted) == (6, [], False)
    assert [one.type for one in report.made] == ["cosignature", "cosignature", "rfc3161"]
    kept = list(anchors(ledger, TENANT))
    assert [(one.size, one.root) for one in kept] == [(6, report.root)] * 3
    assert [one.entry for one in kept] == [one.entry for one in report.made]
    note = ledger.checkpoint_covering(TENANT, 6)
    assert note is not None
    assert check(kept[2].data, note.note.encode(), read_roots(authority.root)).authority == "CN=A made-up clock"
    merged = parse_note(cosigned(note.note.encode(), kept))
    assert all(one.key.time_of(merged) for one in net.means([], [0, 1]).witnesses)
    assert len(merged.signatures) == 3
    (act,) = acts(ledger)
    assert (act["act"], act["by"], act["detail"]["size"]) == ("anchor.made", "ann@example.org", 6)
    found = ledger.verify(TENANT)
    assert found.ok
    told = next(one for one in found.checks if one.name == "anchors")
    assert "2 of kind cosignature, up to size 6" in told.detail


def test_a_log_is_due_when_it_changed_and_the_time_has_come(ledger: Ledger, net: Web) -> None:
    clock = Clock(10**18, 0)
    asking = Anchoring(ledger, net.means([0], [0]), clock)
    assert len(asking.due(TENANT)) == 2
    assert [len(report.made) for report in asking.run_due([TENANT])] == [2]
    clock.now += 2 * HOUR
    assert asking.due(TENANT) == []  # nothing came since but the anchors themselves
    assert asking.run_due([TENANT]) == []
    add(ledger)
    assert len(asking.due(TENANT)) == 2
    assert asking.due(TENANT, clock.now - 2 * HOUR + 5) == []  # the time has not come
    again = Anchoring(ledger, net.means([0], [0]), clock)  # another process, with nothing in memory
    assert len(again.due(TENANT)) == 2
    assert [one.size for one in again.run_due([TENANT])[0].made] == [10, 10]
    clock.now += 2 * HOUR
    assert again.due(TENANT) == asking.due(TENANT)[:0] == []


def test_who_does_not_answer_is_told_of_and_asked_again(ledger: Ledger, net: Web) -> None:
    clock = Clock(10**18, 0)
    asking = Anchoring(ledger, net.means([0], [0, 1]), clock)
    net.silent |= {"tsa0", "w0"}
    head = ledger.head(TENANT)
    report = asking.run_due([TENANT])[0]
    assert [one.type for one in report.made] == ["cosignature"]
    assert sorted(one.by for one in report.failures) == sorted([net.url("tsa0"), str(net.witnesses[0].key)])
    assert all("503" in one.reason and not one.contradiction for one in report.failures)
    assert ledger.head(TENANT) == head + 2  # one anchor, and whose act it was
    assert [("failure" in one) for one in asking.status(TENANT)] == [True, False, True]
    assert asking.due(TENANT) == []  # not at once
    clock.now += 61 * 10**9
    assert sorted(asking.due(TENANT)) == sorted(one.by for one in report.failures)
    net.silent.clear()
    later = asking.run_due([TENANT])[0]
    assert sorted(one.type for one in later.made) == ["cosignature", "rfc3161"]
    assert not any("failure" in one for one in asking.status(TENANT))
    net.silent |= {"tsa0", "w0", "w1"}
    head = ledger.head(TENANT)
    nothing = asking.run(TENANT, BY)
    assert (len(nothing.made), len(nothing.failures), ledger.head(TENANT)) == (0, 3, head)
    assert ledger.verify(TENANT).ok


def test_what_an_authority_gives_is_verified_before_it_is_kept(
    ledger: Ledger, net: Web, authority: Authority, tmp_path: Path
) -> None:
    asking = Anchoring(ledger, net.means([0]))
    old: list[bytes] = []

    def keep(answer: bytes) -> bytes:
        old.append(answer)
        return answer

    authority.change = keep
    assert len(asking.run(TENANT).made) == 1
    add(ledger)
    other = Authority(tmp_path / "other")
    for change, reason in (
        (lambda _: old[0], "over something else"),
        (lambda answer: answer[:-1] + bytes([answer[-1] ^ 1]), "not good"),
        (lambda _: b"an answer", "not a time stamp"),
        (lambda answer: answer + b"\0" * 30_000, "too long"),
        (lambda _: other.stamp((authority.folder / "query").read_bytes()), "not good"),
    ):
        authority.change = change
        head = ledger.head(TENANT)
        report = asking.run(TENANT)
        assert (report.made, ledger.head(TENANT)) == ([], head)
        assert reason in report.failures[0].reason
    authority.change = bytes
    assert len(asking.run(TENANT).made) == 1


def test_an_answer_to_an_earlier_question_is_not_taken_for_a_new_one(
    ledger: Ledger, net: Web, authority: Authority
) -> None:
    """The same bytes are asked about twice; the first answer bears the first nonce."""
    asking = Anchoring(ledger, net.means([0]))
    checkpoint = ledger.checkpoint(TENANT)
    made, _ = asking.ask(TENANT, checkpoint, asking.means.parties)
    authority.change = lambda _: made[0].data
    again, failures = asking.ask(TENANT, checkpoint, asking.means.parties)
    assert again == []
    assert "Nonce mismatch" in failures[0].reason
    authority.change = bytes
    assert len(asking.ask(TENANT, checkpoint, asking.means.parties)[0]) == 1


def test_a_witness_that_answers_something_else_gave_nothing(ledger: Ledger, net: Web, tmp_path: Path) -> None:
    stranger = [key_of(small(sqlite_home(_made(tmp_path / "h2")), seed="another"))]
    with web(tmp_path / "web2", [], [[], stranger]) as strange:
        means = Means(Outgoing(HERE), witnesses=(
            *strange.means([], [0, 1]).witnesses,
            net.means([], [0]).witnesses[0]._replace(url=net.url("w1")),  # w1 cosigns, under its own name
            net.means([], [1]).witnesses[0]._replace(url="http://127.0.0.1:9"),
        ))  # fmt: skip
        report = Anchoring(ledger, means).run(TENANT)
    assert report.made == []
    assert not report.contradicted
    assert [word for one, word in zip(report.failures, ("404", "403", "known by", "cannot be asked"), strict=True)
            if word in one.reason] == ["404", "403", "known by", "cannot be asked"]  # fmt: skip


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_one_stamp_covers_the_logs_of_all_tenants(ledger: Ledger, authority: Authority, tmp_path: Path) -> None:
    ledger.create_log(OTHER, SERVER)
    add(ledger, 3, tenant=OTHER)
    superlog.ensure(ledger, SERVER)
    superlog.ensure(ledger, SERVER)
    keys = [key_of(ledger), key_of(ledger, OTHER), key_of(ledger, superlog.SUPER)]
    before = authority.asked
    with web(tmp_path / "web2", [authority], [keys]) as found:
        asking = Anchoring(ledger, found.means([0], [0]))
        one, two, above = asking.run_due([TENANT, OTHER])
        assert authority.asked == before + 1
        assert [[each.type for each in report.made] for report in (one, two)] == [["cosignature", "rfc3161"]] * 2
        assert [each.type for each in above.made] == ["cosignature", "rfc3161"]
        assert asking.due(TENANT) == asking.due(OTHER) == []
    roots = read_roots(authority.root)
    for tenant in (TENANT, OTHER):
        stamp = list(anchors(ledger, tenant))[-1]
        checkpoint = ledger.checkpoint_covering(tenant, stamp.size)
        assert checkpoint is not None
        text = parse_note(checkpoint.note.encode()).text
        held = superlog.check(stamp.superior.encode(), text)
        assert check(stamp.data, held.note, roots).at
        with pytest.raises(ProofError, match="another checkpoint"):
            superlog.check(stamp.superior.encode(), text.replace("/0\n", "/1\n", 1))
        with pytest.raises(ProofError):
            superlog.check(stamp.superior.replace("index ", "index 1").encode(), text)
        assert ledger.verify(tenant).ok
    assert ledger.verify(superlog.SUPER).ok
    # The super-log says nothing of its tenants: neither whose checkpoints it holds nor of what size.
    leaves = b"".join(entry.leaf for entry in ledger.read(superlog.SUPER, 0, ledger.head(superlog.SUPER)))
    assert TENANT.encode() not in leaves
    assert OTHER.encode() not in leaves


def test_at_each_start_whoever_remembers_is_asked_though_nothing_came(ledger: Ledger, net: Web) -> None:
    """A log put back to just behind an anchor looks unchanged; a time stamp would say nothing about it."""
    clock = Clock(10**18, 0)
    Anchoring(ledger, net.means([0], [0]), clock).run(TENANT)
    again = Anchoring(ledger, net.means([0], [0]), clock)
    assert again.due(TENANT) == [str(net.witnesses[0].key)]
    again.run_due([TENANT])
    clock.now += 5 * HOUR
    assert again.due(TENANT) == []


def test_what_another_process_has_anchored_is_due_no_more(home: Home, ledger: Ledger, net: Web) -> None:
    """Two nodes over one database, each with what it has in memory: what one was given, the other does not ask for."""
    clock = Clock(10**18, 0)
    here, there = (Anchoring(one, net.means([0], [0]), clock) for one in (ledger, home.ledger()))
    net.silent |= {"tsa0"}
    assert here.run_due([TENANT])[0].failures
    assert len(here.due(TENANT, clock.now + 61 * 10**9)) == 1
    net.silent.clear()
    clock.now += 61 * 10**9
    assert len(there.due(TENANT)) == 2  # the witness too: this one has asked it for nothing yet
    assert len(there.run_due([TENANT])[0].made) == 2
    assert here.due(TENANT) == there.due(TENANT) == []
    assert not any("failure" in one for one in here.status(TENANT))
    assert here.status(TENANT) == there.status(TENANT)
    add(ledger)
    assert here.due(TENANT) == []  # their time has not come, by what the other has kept
    clock.now += HOUR
    assert len(here.due(TENANT)) == 2
    assert len(here.run_due([TENANT])[0].made) == 2
    assert there.due(TENANT) == []


def test_an_act_that_was_erased_counts_as_a_change(ledger: Ledger, net: Web) -> None:
    asking = Anchoring(ledger, net.means([0]), Clock(10**18, 0))
    report = asking.run(TENANT)
    assert not asking.changed(TENANT, report.size)
    erase(ledger, Kind.ERASURE, [(report.size + 1, report.size + 2)])
    assert asking.changed(TENANT, report.size)
    assert asking.changed(TENANT, 10_000)  # more than the log has: it was put back


def test_anchors_are_read_page_by_page(ledger: Ledger, net: Web) -> None:
    asking = Anchoring(ledger, net.means([0], [0, 1]))
    asking.run(TENANT)
    whole = asking.page(TENANT, 0, 100)
    assert [one.seq for one in whole] == [6, 7, 8]
    assert asking.page(TENANT, 7, 1) == whole[1:2]
    size, since = asking.newest_cosigned(TENANT)
    assert (size, since) == (6, whole)
    assert Anchoring(ledger, net.means([0])).newest_cosigned(TENANT) == (0, [])


def test_among_several_logs_only_who_is_due_is_asked(ledger: Ledger, authority: Authority, tmp_path: Path) -> None:
    """One authority is silent for a while: the others are not asked again for its sake."""
    ledger.create_log(OTHER, SERVER)
    superlog.ensure(ledger, SERVER)
    second = Authority(tmp_path / "second")
    keys = [key_of(ledger), key_of(ledger, OTHER), key_of(ledger, superlog.SUPER)]
    clock = Clock(10**18, 0)
    authority.change = bytes
    with web(tmp_path / "web2", [authority, second], [keys]) as net:
        asking = Anchoring(ledger, net.means([0, 1], [0]), clock)
        net.silent = {"tsa1"}
        before = authority.asked
        reports = asking.run_due([TENANT, OTHER])
        assert [len(report.failures) for report in reports] == [1, 1, 1]
        assert asking.due(TENANT) == asking.due(OTHER) == []
        clock.now += 61 * 10**9
        assert asking.due(TENANT) == asking.due(OTHER) == [net.url("tsa1")]
        net.silent = set()
        again = asking.run_due([TENANT, OTHER])
        assert [[one.by for one in report.made] for report in again] == [[net.url("tsa1")]] * 3
        assert authority.asked == before + 1
        assert not any("failure" in one for one in asking.status(TENANT))


def test_a_log_that_cannot_be_signed_keeps_no_other_from_it(
    home: Home, ledger: Ledger, authority: Authority, tmp_path: Path
) -> None:
    ledger.create_log(OTHER, SERVER)
    superlog.ensure(ledger, SERVER)
    ledger.checkpoint(TENANT)
    state = home.signer / f"{TENANT}-0.json"
    kept, before = state.read_bytes(), authority.asked
    with web(tmp_path / "web2", [authority]) as net:
        asking = Anchoring(ledger, net.means([0]), Clock(10**18, 0))
        state.unlink()
        (alone,) = asking.run_all([TENANT])
        assert (alone.contradicted, authority.asked) == (True, before)
        refused, good, _ = asking.run_due([TENANT, OTHER])
        assert refused.contradicted
        assert "knows nothing" in refused.failures[0].reason
        assert [one.type for one in good.made] == ["rfc3161"]
        state.write_bytes(kept)
        assert len(asking.run_due([TENANT, OTHER])[0].made) == 1


@pytest.mark.parametrize("since", ["anchored", "made", "forgotten"])
def test_a_super_log_put_back_goes_on_in_a_new_epoch_and_says_so_once(
    home: Home, authority: Authority, tmp_path: Path, since: str
) -> None:
    """The database is put back and the signer's memory is not, as docs/operations.md has it; or that is lost.

    The backup is of before the super-log was anchored last, or of before it was made.
    """
    ledger = small(home)
    ledger.create_log(OTHER, SERVER)
    if since == "made":
        home.snapshot()
    superlog.ensure(ledger, SERVER)
    keys = [key_of(ledger), key_of(ledger, OTHER)]
    clock = Clock(10**18, 0)
    authority.change = bytes
    with web(tmp_path / "web2", [authority], [keys]) as net:
        Anchoring(ledger, net.means([0]), clock).run_all([TENANT, OTHER])
        if since == "anchored":
            home.snapshot()
        size = ledger.head(superlog.SUPER)
        for _ in range(3):
            untouched = Anchoring(ledger, net.means([0], [0]), clock).run_all([TENANT, OTHER])
        assert untouched[-1].origin.endswith("/0")  # the control: nothing is begun while the signer is content
        assert not any(one.contradiction for report in untouched for one in report.failures)
        if since == "forgotten":
            (home.signer / f"{superlog.SUPER}-0.json").unlink()
        else:
            home.put_back()
        ledger = home.ledger()
        superlog.ensure(ledger, SERVER)
        for tenant in (TENANT, OTHER):
            if since != "forgotten":
                ledger.new_epoch(tenant)
        add(ledger)
        asking = Anchoring(ledger, net.means([0]), clock)
        *reports, above = asking.run_all([TENANT, OTHER])
        assert [[one.type for one in report.made] for report in reports] == [["rfc3161"]] * 2
        assert above.origin.endswith("/1")
        ((by, reason, contradiction),) = above.failures
        assert (by, contradiction) == ("signer", True)
        assert above.origin in reason
        head = ledger.head(superlog.SUPER)
        *_, again = asking.run_all([TENANT, OTHER])
        assert (again.origin, again.failures) == (above.origin, [])
        assert ledger.head(superlog.SUPER) == head + 4  # two checkpoints, the stamp, and whose act it was
        found = ledger.verify(superlog.SUPER)
        assert found.ok, found.reason
        restore = json.loads(ledger.opened(next(ledger.entries_of(superlog.SUPER, [Kind.RESTORE]))))
        assert (restore.get("signed", {}).get("size", 0) > size) is (since != "forgotten")
        for tenant in (TENANT, OTHER):
            stamp = list(anchors(ledger, tenant))[-1]
            checkpoint = ledger.checkpoint_covering(tenant, stamp.size)
            assert checkpoint is not None
            assert superlog.check(stamp.superior.encode(), parse_note(checkpoint.note.encode()).text)


def test_a_super_log_that_can_go_on_begins_no_epoch(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused once, and content when it is looked at again: nothing was begun, and nothing is said."""
    superlog.ensure(ledger, SERVER)
    refusals, plain = [SignerError("refused once")], ledger.checkpoint

    def once(tenant: str) -> Any:
        if refusals:
            raise refusals.pop()
        return plain(tenant)

    monkeypatch.setattr(ledger, "checkpoint", once)
    assert superlog.ready(ledger) == ""
    assert not refusals
    assert ledger.log(superlog.SUPER).epoch == 0


def test_what_witnesses_said_is_kept_though_the_super_log_cannot_be_signed(
    ledger: Ledger, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.create_log(OTHER, SERVER)
    superlog.ensure(ledger, SERVER)
    keys = [key_of(ledger), key_of(ledger, OTHER), key_of(ledger, superlog.SUPER)]
    clock = Clock(10**18, 0)
    plain, before = ledger.checkpoint, authority.asked

    def refused(tenant: str) -> Any:
        if tenant == superlog.SUPER:
            raise SignerError("the signer refuses it")
        return plain(tenant)

    with web(tmp_path / "web2", [authority], [keys]) as net:
        asking = Anchoring(ledger, net.means([0], [0]), clock)
        monkeypatch.setattr(ledger, "checkpoint", refused)
        head = ledger.head(superlog.SUPER)
        for _ in range(2):
            *reports, above = asking.run_due([TENANT, OTHER])
            assert above.contradicted
            assert [[one.by for one in report.failures] for report in reports] == [[net.url("tsa0")]] * 2
            clock.now += 61 * 10**9
        assert (authority.asked, ledger.head(superlog.SUPER)) == (before, head)  # nothing is appended, try after try
        for tenant in (TENANT, OTHER):
            assert [one.type for one in anchors(ledger, tenant)] == ["cosignature"]
        monkeypatch.setattr(ledger, "checkpoint", plain)
        *reports, above = asking.run_due([TENANT, OTHER])
        assert [[one.type for one in report.made] for report in reports] == [["rfc3161"]] * 2
        assert above.failures == []


def test_a_log_that_is_being_shown_is_not_shown_twice(ledger: Ledger, net: Web) -> None:
    asking = Anchoring(ledger, net.means([0]))
    with asking._turn(TENANT), pytest.raises(BusyError, match="at this moment"):
        asking.run(TENANT)
    assert len(asking.run(TENANT).made) == 1


def test_nobody_named_is_refused_and_never_due(ledger: Ledger) -> None:
    asking = Anchoring(ledger, Means(Outgoing(HERE)))
    with pytest.raises(ConflictError, match="nobody is named"):
        asking.run(TENANT)
    with pytest.raises(ConflictError, match="nobody is named"):
        asking.run_all([TENANT])
    assert asking.run_due([TENANT]) == []


def test_means_that_cannot_be_are_refused(net: Web) -> None:
    with pytest.raises(SettingsError, match="no certificate"):
        Means(Outgoing(HERE), authorities=("https://tsa.example",))
    key = str(net.witnesses[0].key)
    assert [one.url for one in read_witnesses(f"{key} https://w.example/x/, ")] == ["https://w.example/x"]
    assert read_witnesses("") == []
    for text in (
        key, f"{key} ftp://w", f"{key} http://w.example", "x https://w.example", f"{key} https://w a",
        f"{key} https://w, {key} https://v", f"{key[:-4]} https://w", key.replace("+B", "+A") + " https://w",
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            read_witnesses(text)


def test_an_anchor_that_was_altered_is_found(ledger: Ledger) -> None:
    """An entry that speaks of another root than the checkpoint's, appended by whoever may append: verify says so."""
    assert ledger.verify(TENANT).ok
    checkpoint = ledger.checkpoint(TENANT)
    for size, root in ((checkpoint.size, "0" * 64), (checkpoint.size - 1, checkpoint.root.hex())):
        said = canonical({"at": "2026", "by": "x", "data": "", "root": root, "size": size, "type": "git"})
        ledger.transact(TENANT, lambda _, said=said: [Draft(Kind.ANCHOR, said)])  # type: ignore[misc]
    ledger.checkpoint(TENANT)
    found = ledger.verify(TENANT)
    assert (found.ok, found.first_bad_seq) == (False, checkpoint.size)
    assert "anchor over a checkpoint" in found.reason
