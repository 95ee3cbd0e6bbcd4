"""Whom the settings name, and what a schedule calls."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from support.anchoring import Authority, web
from support.homes import TENANT, sqlite_home
from support.vouching import small
from vestige.anchors import superlog
from vestige.anchors.git import BRANCH
from vestige.app import Anchors, Installation, Settings, anchor_all, anchor_due
from vestige.app.anchoring import alone, anchoring
from vestige.jobs import LostTurnError
from vestige.model.errors import BusyError, IntegrityError, SettingsError
from vestige.model.principal import Principal
from vestige.proof import VerifierKey

if TYPE_CHECKING:
    from pathlib import Path

WITNESS = "witness.example/w+eae65808+BPF4qsDK30Hcs/WR0XBY/mXJpSWOU0zoOKb+1EvJZY0n"


def test_settings_name_parties_or_are_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    home = sqlite_home(tmp_path / "home")
    ledger = small(home)
    roots = Authority(tmp_path / "a").root
    key = WITNESS
    with web(tmp_path / "web", [], [[]]) as net:
        key = str(net.witnesses[0].key)
    good: dict[str, Any] = {
        "tsa_urls": "https://tsa.example/a, https://tsa.example/b", "tsa_roots": roots,
        "witnesses": f"{key} https://w.example", "anchor_git": "/srv/checkpoints.git",
    }  # fmt: skip
    found = anchoring(Settings(data=tmp_path, **good), ledger).means
    assert found.parties == (key, "https://tsa.example/a", "https://tsa.example/b", "/srv/checkpoints.git")
    assert found.seconds == 3600
    assert anchoring(Settings(data=tmp_path), ledger).means.parties == ()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"tsa_roots": None}, "no certificate"), ({"tsa_urls": "http://tsa.example"}, "is none"),
        ({"tsa_urls": "https://a.example,https://a.example"}, "named twice"),
        ({"tsa_roots": tmp_path}, "cannot be read"),
        ({"witnesses": "words"}, "is none"), ({"anchor_git": "ext::sh -c x"}, "is none"),
        ({"anchor_networks": "all"}, "no network"),
    ]  # fmt: skip
    for changed, word in bad:
        with pytest.raises(SettingsError, match=word):
            anchoring(Settings(data=tmp_path, **(good | changed)), ledger)
    here = good | {"tsa_urls": "http://127.0.0.1:1/tsr", "anchor_networks": "127.0.0.0/8"}
    assert "http://127.0.0.1:1/tsr" in anchoring(Settings(data=tmp_path, **here), ledger).means.parties
    home.close()


def test_who_lives_on_a_local_address_is_refused_with_the_setting_that_lets_them(tmp_path: Path) -> None:
    """Over HTTP at the start, by the address at the call: both name the setting, and with it both are let."""
    roots = Authority(tmp_path / "a").root
    (tmp_path / "home").mkdir()
    home = sqlite_home(tmp_path / "home")
    ledger = small(home)
    with web(tmp_path / "web", [], [[]]) as net:
        key = str(net.witnesses[0].key)
    for plain in ({"tsa_urls": "http://127.0.0.1:1/tsr", "tsa_roots": roots},
                  {"witnesses": f"{key} http://localhost:1"}):  # fmt: skip
        with pytest.raises(SettingsError) as refused:
            anchoring(Settings(data=tmp_path, **plain), ledger)
        assert "(127.0.0.0/8) in VESTIGE_ANCHOR_NETWORKS" in refused.value.hint
        assert anchoring(Settings(data=tmp_path, **plain, anchor_networks="127.0.0.0/8"), ledger).means.parties
    both = Settings(data=tmp_path, tsa_urls="https://127.0.0.1:1/tsr", tsa_roots=roots,
                    witnesses=f"{key} https://127.0.0.1:1")  # fmt: skip
    failures = anchoring(both, ledger).run(TENANT).failures
    assert len(failures) == 2
    for one in failures:
        assert one.reason.endswith(
            "expected one of the open internet, or of a network in VESTIGE_ANCHOR_NETWORKS; "
            "got 127.0.0.1, which is 127.0.0.1"
        )
    called = anchoring(replace(both, anchor_networks="127.0.0.0/8"), ledger).run(TENANT).failures
    assert ["cannot be asked" in one.reason for one in called] == [True, True]
    home.close()


def test_a_schedule_anchors_what_is_due_with_one_stamp_for_all_tenants(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "a")
    with web(tmp_path / "web", [authority]) as net:
        settings = Settings(
            data=tmp_path / "data", tsa_urls=net.url("tsa0"), tsa_roots=authority.root, anchor_networks="127.0.0.0/8"
        )
        with Installation.open(settings) as installation:
            (one,) = anchor_due(installation)
            assert [each.superior for each in one.made] == [""]
            assert anchor_due(installation) == []
            installation.access.new_tenant("other", Principal("ann@example.org"))
            first = installation.access.tenant().id
            installation.rooms(first).rotate_key(Principal("ann@example.org"), None)
            later = installation.anchoring._clock() + 2 * 3600 * 10**9
            reports = anchor_due(installation, later)
            assert authority.asked == 2
            assert [len(report.made) for report in reports] == [1, 1, 1]
            assert reports[-1].origin == installation.ledger.log(superlog.SUPER).origin
            assert VerifierKey.parse(installation.ledger.keys(superlog.SUPER)[0].vkey).name == reports[-1].origin
            assert anchor_due(installation, later) == []
            rooms = installation.rooms(first)
            assert not [one for one in installation.doctor(rooms) if one["name"] == "anchors"]
            authority.change = lambda _: b"words"
            assert Anchors(installation, rooms).run(Principal("ann@example.org"))["failures"]
            (told,) = [one for one in installation.doctor(rooms) if one["name"] == "anchors"]
            assert not told["ok"]
            assert "not a time stamp" in told["detail"]
            first_page = Anchors(installation, rooms).shown(-1, 1)
            assert len(first_page["anchors"]) == 1
            rest = Anchors(installation, rooms).shown(first_page["next"], 100)
            assert len(rest["anchors"]) == 1
            assert "next" not in rest
            authority.change = bytes
            assert all(installation.ledger.verify(tenant).ok for tenant in (first, superlog.SUPER))
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        assert anchor_due(installation) == []  # nobody is named any more


def test_the_job_of_a_tenant_tells_of_no_other_tenants_log(tmp_path: Path) -> None:
    """Of one of two tenants the remote knows more than there is, found at the other's turn: each is told its own."""
    remote, work = tmp_path / "remote.git", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    with Installation.open(Settings(data=tmp_path / "data", anchor_git=str(remote))) as installation:
        by = Principal("ann@example.org")
        first, ledger = installation.access.tenant().id, installation.ledger
        other = str(installation.access.new_tenant("other", by)["id"])
        origin, note = ledger.log(other).origin, ledger.checkpoint(other)
        kept = work / origin / "checkpoint"
        kept.parent.mkdir(parents=True)
        kept.write_text(note.note.replace(f"\n{note.size}\n", f"\n{note.size + 99}\n"))
        for words in (("init", "--quiet", "-b", BRANCH), ("add", "."),
                      ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "x"),
                      ("push", "--quiet", str(remote), BRANCH)):  # fmt: skip
            subprocess.run(["git", "-C", str(work), *words], check=True)
        run = installation.upkeep.runner.run
        assert run(first, "anchor", threading.Event()) == {"logs": 2, "anchors": 2}  # its own, and the super-log
        (state,) = [one for one in installation.upkeep.runner.states(first) if one["name"] == "anchor"]
        assert "error" not in state
        assert other not in json.dumps(state)
        assert not [one for one in installation.doctor(installation.rooms(first)) if "anchor" in one["name"]]
        for _ in range(2):  # it stands until somebody who was asked again says otherwise
            with pytest.raises(IntegrityError, match="another log of this name"):
                run(other, "anchor", threading.Event())
        assert run(first, "anchor", threading.Event()) == {"logs": 0, "anchors": 0}
        (state,) = [one for one in installation.upkeep.runner.states(other) if one["name"] == "anchor"]
        assert first not in json.dumps(state)
        assert f"job {state['name']}" in [one["name"] for one in installation.doctor(installation.rooms(other))]


def test_one_process_of_all_nodes_shows_logs_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever tenant's turn it is; one that was thought dead and wakes up again keeps nothing of what it was told."""
    authority, by = Authority(tmp_path / "a"), Principal("ann@example.org")
    monkeypatch.setattr("vestige.app.anchoring.PATIENCE", 0.1)
    with web(tmp_path / "web", [authority]) as net:
        settings = Settings(
            data=tmp_path / "data", tsa_urls=net.url("tsa0"), tsa_roots=authority.root, anchor_networks="127.0.0.0/8"
        )
        with Installation.open(settings) as installation:
            rooms = installation.rooms(installation.access.tenant().id)
            other = installation.rooms(str(installation.access.new_tenant("other", by)["id"]))
            with alone(installation):
                assert anchor_due(installation) == []
                for one in (rooms, other):
                    with pytest.raises(BusyError, match="lease"):
                        Anchors(installation, one).run(by)
                with pytest.raises(BusyError, match="lease"):
                    anchor_all(installation, by)
            assert authority.asked == 0

            def slow(answer: bytes) -> bytes:
                with installation.db.write(superlog.SUPER) as connection:
                    connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = 'anchoring'")
                with alone(installation):
                    pass
                return answer

            authority.change = slow
            for ask in (lambda: Anchors(installation, rooms).run(by), lambda: anchor_due(installation)):
                with pytest.raises(LostTurnError, match="another process"):
                    ask()
            assert Anchors(installation, rooms).shown(-1, 10)["anchors"] == []
            authority.change = bytes
            assert [len(report.made) for report in anchor_due(installation)] == [1, 1, 1]
            assert anchor_due(installation) == []
