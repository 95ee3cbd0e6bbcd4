"""The audit trail: lines to records, fields decoded, and what each kind of record means."""

# ruff: noqa: E501 - rows of tables hold whole records

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.oracles.audit import REASONS, coalesced, lines
from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context, Sample, detect
from vestige.sources.linux.audit_line import socket_of
from vestige.sources.linux.audit_names import MEANINGS, type_name
from vestige.sources.linux.audit_syscalls import syscall_name
from vestige.sources.linux.auditd import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = Context(received_at=0)
HEAD = "msg=audit(1767225600.123:7):"
CALL = f"type=SYSCALL {HEAD} arch=c000003e ppid=1 pid=2 auid=1000 uid=0 ses=3"


def read(*lines: str) -> Event:
    (reading,) = FORMAT.parse(["\n".join(lines).encode()], CONTEXT)
    assert isinstance(reading, Event), reading
    return reading


def call(number: int, rest: str, *more: str) -> Event:
    return read(f"{CALL} syscall={number} {rest}", *(f"type={line.replace(' ', f' {HEAD} ', 1)}" for line in more))


def said(kind: str, inner: str, outer: str = "pid=1 uid=0 auid=4294967295 ses=4294967295") -> Event:
    return read(f"type={kind} {HEAD} {outer} msg='{inner}'")


def split(data: bytes) -> list[bytes]:
    return [record.payload for batch in FORMAT.split(io.BytesIO(data)) for record in batch]


def test_consecutive_lines_of_one_serial_are_one_record() -> None:
    one = b"type=SYSCALL msg=audit(1.000:1): a=1\ntype=PATH msg=audit(1.000:1): name=x"
    two = b"type=LOGIN msg=audit(1.000:2): pid=1"
    assert split(one + b"\n" + two + b"\n") == [one, two]
    assert split(one + b"\r\n" + two) == [one + b"\r", two]
    assert split(one.replace(b"\n", b"\n\n")) == one.split(b"\n"), "an empty line stands between"


def test_interleaved_serials_and_nodes_are_records_of_their_own_that_share_a_key() -> None:
    first, other = b"type=SYSCALL msg=audit(1.000:1): pid=1", b"type=SYSCALL msg=audit(1.000:2): pid=2"
    rest = b'type=PROCTITLE msg=audit(1.000:1): proctitle="x"'
    payloads = split(b"\n".join((first, other, rest)))
    assert payloads == [first, other, rest]
    events: Any = FORMAT.parse(payloads, CONTEXT)
    assert events[0].keys[0] == events[2].keys[0] == ("custom", "audit::1.000:1")
    assert events[2].tags == ("audit:part",)
    assert events[0].tags == ()
    assert len(split(b"node=a " + first + b"\nnode=b " + first)) == 2
    assert read("node=a " + first.decode()).keys[0] == ("custom", "audit:a:1.000:1")


def test_a_record_ends_before_it_grows_without_bound() -> None:
    line = b"type=PATH msg=audit(1.000:1): name=" + b"A" * 300_000
    payloads = split(b"\n".join([line] * 7))
    assert [payload.count(b"\n") for payload in payloads] == [2, 2, 0]


def test_a_program_start_says_who_ran_what() -> None:
    event = call(
        59,
        'success=yes exit=0 comm="sh" exe="/usr/bin/bash" key=65786563013634\x1dARCH=x86_64 SYSCALL=execve AUID="bob" '
        'UID="root"',
        'EXECVE argc=3 a0="/bin/sh" a1="-c" a2=6563686F2022686922',
        'CWD cwd="/root"',
        'PATH item=0 name="/bin/sh" nametype=NORMAL',
        "PROCTITLE proctitle=7368002D63",
    )
    assert (event.event_type, event.action, event.outcome) == ("process.started", "execve", "success")
    assert (event.actor_id, event.actor_name, event.actor_type) == ("1000", "bob", "user")
    assert (event.object_id, event.object_name, event.object_type) == (
        '/bin/sh -c echo "hi"',
        "/usr/bin/bash",
        "command",
    )
    assert (event.occurred_at, event.time_text, event.time_quality) == (
        1_767_225_600_123_000_000, "1767225600.123", "exact",
    )  # fmt: skip
    assert (event.session, event.tags) == ("3", ("audit:exec", "audit:64"))
    assert ("identity", "root") in event.keys
    assert event.message == 'bob: execve /bin/sh -c echo "hi" by /usr/bin/bash: success'
    fields = json.loads(event.attributes)
    assert fields["type"] == ["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"]
    assert fields["args"] == ["/bin/sh", "-c", 'echo "hi"']
    assert fields["proctitle"] == "sh -c"
    assert (fields["cwd"], fields["AUID"], fields["syscall_name"]) == ("/root", "bob", "execve")
    assert fields["paths"] == [{"item": "0", "name": "/bin/sh", "nametype": "NORMAL"}]


def test_arguments_in_parts_are_put_together() -> None:
    event = read(f'type=EXECVE {HEAD} argc=2 a0="x" a1_len=4 a1[0]=6162 a1[1]="cd"')
    assert json.loads(event.attributes)["args"] == ["x", "abcd"]


CALLS = [
    (87, "success=yes", ('PATH name="/etc/" nametype=PARENT', 'PATH name="/etc/x" nametype=DELETE'), "file.deleted", "success", "/etc/x"),
    (82, "success=yes", ('PATH name="a" nametype=DELETE', 'PATH name="b" nametype=CREATE'), "file.renamed", "success", "a"),
    (257, "success=yes a2=0", ('CWD cwd="/home"', 'PATH name="x" nametype=NORMAL'), "file.read", "success", "/home/x"),
    (257, "success=yes a2=241", ('PATH name="/x" nametype=CREATE',), "file.created", "success", "/x"),
    (2, "success=yes a1=1", ('PATH name="/x" nametype=NORMAL',), "file.changed", "success", "/x"),
    (2, "success=yes a1=O_RDONLY", ('PATH name="/x" nametype=NORMAL',), "file.read", "success", "/x"),
    (2, "success=no exit=-13 a1=0", ('PATH name="/etc/shadow" nametype=NORMAL',), "access.denied", "failure", "/etc/shadow"),
    (2, "success=no exit=-2 a1=0", ('PATH name="/x" nametype=UNKNOWN',), "file.read", "failure", "/x"),
    (90, "success=yes", ('PATH name="/x" nametype=NORMAL',), "file.attributes_changed", "success", "/x"),
    (101, "success=yes a0=10", (), "process.accessed", "success", ""),
    (101, "success=yes a0=4", (), "process.injected", "success", ""),
    (62, 'success=yes a1=9 exe="/bin/kill"', (), "process.stopped", "success", "/bin/kill"),
    (62, "success=yes a1=0", (), "process.syscall", "success", ""),
    (175, "success=yes", ('KERN_MODULE name="evil"',), "module.loaded", "success", "evil"),
    (227, "success=yes", (), "host.clock_changed", "success", ""),
    (9999, "success=yes", (), "process.syscall", "success", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "rest", "more", "kind", "outcome", "thing"), CALLS, ids=[str(row[:3]) for row in CALLS]
)
def test_system_calls_mean_what_they_do(
    number: int, rest: str, more: tuple[str, ...], kind: str, outcome: str, thing: str
) -> None:
    event = call(number, rest, *more)
    assert (event.event_type, event.outcome, event.object_id) == (kind, outcome, thing)
    assert event.actor_id == "1000"


def test_connections_have_the_other_end_on_the_right_side() -> None:
    out = call(42, "success=no exit=-115", "SOCKADDR saddr=02000050A9FEA9FE0000000000000000")
    assert (out.event_type, out.outcome) == ("network.connection", "unknown"), "a connection under way has not failed"
    assert (out.src_ip, out.dst_ip, out.dst_port) == ("", "169.254.169.254", 80)
    refused = call(42, "success=no exit=-111", "SOCKADDR saddr=02000050A9FEA9FE0000000000000000")
    assert refused.outcome == "failure"
    into = call(43, "success=yes exit=5", "SOCKADDR saddr=0200E31C4853E6640000000000000000")
    assert (into.src_ip, into.src_port, into.dst_ip) == ("72.83.230.100", 58140, "")
    local = call(42, "success=yes exit=0", "SOCKADDR saddr=01002F6465762F6C6F6700")
    assert (local.object_id, local.object_type, local.dst_ip) == ("/dev/log", "socket", "")
    bound = call(49, "success=yes", "SOCKADDR saddr=0A001F90" + "00" * 24)
    assert (bound.event_type, bound.dst_ip, bound.dst_port) == ("network.listening", "::", 8080)


@pytest.mark.parametrize("saddr", ["", "0", "02", "0200", "zz00", "FFFF0000", "0200005", "0A00"])
def test_torn_addresses_give_none(saddr: str) -> None:
    found = socket_of(saddr)
    assert found is None or (found.ip, found.port) == ("", 0)


SIGN = 'op=login acct={} exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res={}'
SAID = [
    ("USER_LOGIN", SIGN.format('"bob"', "success"), "auth.login", "success", "bob", "", "192.0.2.7"),
    ("USER_LOGIN", SIGN.format("28696E76616C6964207573657229", "failed"), "auth.login_failed", "failure", "(invalid user)", "", "192.0.2.7"),
    ("USER_AUTH", SIGN.format('"bob"', "failed"), "auth.check_failed", "failure", "bob", "", "192.0.2.7"),
    ("USER_AUTH", 'op=PAM:authentication acct="bob" exe="/usr/sbin/vsftpd" addr=192.0.2.7 res=failed', "auth.login_failed", "failure", "bob", "", "192.0.2.7"),
    ("USER_AUTH", SIGN.format('"bob"', "success"), "access.checked", "success", "bob", "", "192.0.2.7"),
    ("USER_START", 'op=PAM:session_open acct="root" exe="/usr/sbin/cron" hostname=? addr=? res=success', "session.opened", "success", "root", "", ""),
    ("USER_END", 'op=PAM:session_close acct="root" exe="/usr/sbin/cron" res=success', "session.closed", "success", "root", "", ""),
    ("CRED_ACQ", 'op=PAM:setcred acct="root" exe="/usr/sbin/cron" res=success', "auth.token_issued", "success", "root", "", ""),
    ("SERVICE_START", 'unit=rngd comm="systemd" exe="/usr/lib/systemd/systemd" res=success', "service.started", "success", "0", "", ""),
    ("SERVICE_START", 'unit=rngd comm="systemd" exe="/usr/lib/systemd/systemd" res=failed', "service.error", "failure", "0", "", ""),
    ("SYSTEM_BOOT", ' comm="x" exe="/x" hostname=? addr=? terminal=? res=success', "host.started", "success", "0", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "inner", "event_type", "outcome", "actor", "subject", "ip"), SAID)
def test_programs_records_mean_what_they_say(
    kind: str, inner: str, event_type: str, outcome: str, actor: str, subject: str, ip: str
) -> None:
    event = said(kind, inner)
    assert (event.event_type, event.outcome, event.action) == (event_type, outcome, kind)
    assert (event.actor_id, event.subject_id, event.src_ip) == (actor, subject, ip)
    assert event.session == ""


BOB = "pid=1 uid=0 auid=1000 ses=3"
ABOUT = [
    ("USER_AUTH", 'op=PAM:authentication acct="root" exe="/bin/su" res=failed', "auth.privilege_refused", "failure", "root", ""),
    ("USER_START", 'op=PAM:session_open acct="root" exe="/usr/bin/sudo" res=success', "session.opened", "success", "root", ""),
    ("USER_CMD", 'cwd="/" cmd=6C73202D6C exe="/usr/bin/sudo" terminal=pts/0 res=success', "auth.privilege_used", "success", "", "ls -l"),
    ("USER_CMD", 'cwd="/" cmd="id" exe="/usr/bin/sudo" terminal=pts/0 res=failed', "auth.privilege_refused", "failure", "", "id"),
    ("ADD_USER", 'op=add-user acct="eve" exe="/usr/sbin/useradd" res=success', "account.created", "success", "eve", ""),
    ("DEL_USER", 'op=delete-user acct="eve" exe="/usr/sbin/userdel" res=failed', "account.deleted", "failure", "eve", ""),
    ("USER_CHAUTHTOK", 'op=PAM:chauthtok acct="eve" exe="/usr/bin/passwd" res=failed', "account.credential_changed", "failure", "eve", ""),
    ("SOFTWARE_UPDATE", 'op=remove sw="gcc-4.8" sw_type=rpm exe="/usr/bin/dnf" res=success', "software.removed", "success", "", "gcc-4.8"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "inner", "event_type", "outcome", "subject", "thing"), ABOUT)
def test_the_login_id_acts_and_the_account_is_whom_it_is_about(
    kind: str, inner: str, event_type: str, outcome: str, subject: str, thing: str
) -> None:
    event = said(kind, inner, BOB)
    assert (event.event_type, event.outcome, event.actor_id) == (event_type, outcome, "1000")
    assert (event.subject_id, event.object_id, event.session) == (subject, thing, "3")


OTHERS = [
    ('AVC {} avc:  denied  {{ read open }} for  pid=1 comm="ls" name="shadow" tclass=file permissive=0', "access.denied", "failure", "shadow", 1),
    ('AVC {} avc:  denied  {{ read }} for  pid=1 comm="ls" name="shadow" tclass=file permissive=1', "access.checked", "success", "shadow", 0),
    ('AVC {} apparmor="DENIED" operation="ptrace" profile="p" pid=5 comm="m"', "access.denied", "failure", "m", 1),
    ("CONFIG_CHANGE {} audit_enabled=0 old=1 auid=1000 ses=3 res=1", "logging.disabled", "success", "", 2),
    ('CONFIG_CHANGE {} auid=1000 ses=3 op=remove_rule key="x" list=4 res=1', "logging.disabled", "success", "", 2),
    ("CONFIG_CHANGE {} audit_backlog_limit=8192 old=64 auid=1000 res=1", "logging.changed", "success", "", 0),
    ("DAEMON_END {} op=terminate auid=0 pid=1 res=success", "logging.disabled", "success", "", 0),
    ('ANOM_ABEND {} auid=1000 uid=48 pid=3 comm="httpd" reason="memory violation" sig=11', "process.stopped", "", "httpd", 2),
    ("ANOM_PROMISCUOUS {} dev=eth0 prom=256 old_prom=0 auid=1000 uid=0", "alert.raised", "", "", 2),
    ('1400 {} avc:  denied  {{ read }} for  pid=1 comm="ls" name="x" tclass=dir', "access.denied", "failure", "x", 1),
    ('UNKNOWN[1330] {} name="mod"', "module.loaded", "", "mod", 0),
    ("NEWTYPE {} a=b", "log.line", "", "", 0),
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "outcome", "thing", "severity"), OTHERS)
def test_the_kernels_own_records(line: str, kind: str, outcome: str, thing: str, severity: int) -> None:
    event = read(f"type={line.format(HEAD)}")
    assert (event.event_type, event.outcome, event.object_id, event.severity) == (kind, outcome, thing, severity)


def test_a_rule_that_only_watched_leaves_the_telling_to_the_call() -> None:
    event = read(
        f'type=AVC {HEAD} apparmor="AUDIT" operation="unlink" name="/x" pid=2',
        f"{CALL} syscall=87 success=yes exit=0",
        f'type=PATH {HEAD} name="/x" nametype=DELETE',
    )
    assert (event.event_type, event.outcome, event.action, event.object_id) == ("file.deleted", "success", "AVC", "/x")


def test_a_name_that_comes_again_keeps_both_values() -> None:
    event = read(
        f"type=TIME_ADJNTPVAL {HEAD} op=freq old=1", f"type=TIME_ADJNTPVAL {HEAD} op=tick old=2", f"{CALL} syscall=305"
    )
    fields = json.loads(event.attributes)
    assert (fields["op"], fields["TIME_ADJNTPVAL.op"], fields["TIME_ADJNTPVAL.old"]) == ("freq", "tick", "2")


def test_the_node_is_the_host_and_qualifies_the_session() -> None:
    event = read(f"node=web-1 {CALL} syscall=59")
    assert (event.host, event.session) == ("web-1", "web-1:3")


def test_old_forms_of_login_and_pam_records() -> None:
    event = read(f"type=LOGIN {HEAD} pid=1 uid=0 old auid=4294967295 new auid=500 old ses=4294967295 new ses=12")
    assert (event.event_type, event.actor_id, event.session) == ("session.opened", "500", "12")
    older = said(
        "USER_AUTH",
        'PAM: authentication acct="bob" : exe="/usr/sbin/sshd" (hostname=h, addr=192.0.2.7, terminal=ssh res=success)',
    )
    assert (older.actor_id, older.src_ip, older.outcome) == ("bob", "192.0.2.7", "success")


@pytest.mark.parametrize(
    "line",
    ["", "type=X", "type=X msg=audit(1.000): a", "type=X msg=audit(:1): a", "type= msg=audit(1.0:1): a", "x type=A msg=audit(1.0:1):", "\0"],
)  # fmt: skip
def test_lines_that_are_no_records_are_unparsed_with_the_reason(line: str) -> None:
    (reading,) = FORMAT.parse([line.encode()], CONTEXT)
    assert isinstance(reading, Unparsed | Skipped)
    assert reading.reason


def test_lines_of_two_events_in_one_payload_are_never_mixed() -> None:
    (reading,) = FORMAT.parse([b"type=A msg=audit(1.0:1): a=1\ntype=A msg=audit(1.0:2): a=1"], CONTEXT)
    assert isinstance(reading, Unparsed)
    (mark,) = FORMAT.parse([b"type=EOE msg=audit(1.0:1): "], CONTEXT)
    assert isinstance(mark, Skipped)


def test_a_time_beyond_an_instant_leaves_the_event_undated() -> None:
    event = read("type=LOGIN msg=audit(99999999999999999999.000:1): pid=1")
    assert (event.occurred_at, event.time_quality, event.tags) == (None, "missing", ("time:out_of_range",))
    assert event.time_text == "99999999999999999999.000"


@pytest.mark.parametrize(
    "tail", ["a" * 10**6, "a=" * 500_000, 'a="' * 300_000, "msg='" * 200_000, "avc:  denied  { " * 60_000]
)
def test_hostile_lines_cost_no_more_than_long_ones(tail: str) -> None:
    started = time.process_time()
    FORMAT.parse([f"type=AVC {HEAD} {tail}".encode()], CONTEXT)
    assert time.process_time() - started < 2


def test_names_of_types_and_calls() -> None:
    assert (type_name("1300"), type_name("UNKNOWN[1112]"), type_name("X"), type_name("9")) == (
        "SYSCALL",
        "USER_LOGIN",
        "X",
        "9",
    )
    assert [syscall_name(arch, "11") for arch in ("c000003e", "40000003", "c00000b7", "c00000f3")] == [
        "munmap",
        "execve",
        "listxattr",
        "11",
    ]
    assert syscall_name("c00000b7", "221") == "execve"
    assert syscall_name("x86_64", "execve") == "execve"
    assert not {kind for kind in MEANINGS if kind.startswith("1")}


def test_recognised_by_content_alone() -> None:
    choice = detect(Sample("f.csv", f"{CALL} syscall=59\nrubbish\n".encode(), complete=True))
    assert choice.format is FORMAT
    assert choice.why == "auditd: 1 of 2 lines are audit records"


def test_coalesced_events_agree_with_go_libaudit(corpus: Path) -> None:
    found = coalesced(corpus)
    assert len(found) == 22
    assert all(found.values()), "each case is one event"
    other = {(pair.case, pair.field) for pairs in found.values() for pair in pairs if pair.theirs != pair.ours}
    assert other == set(REASONS)
    assert sum(map(len, found.values())) == 414


def test_parsed_lines_agree_with_go_libaudit(corpus: Path) -> None:
    found = lines(corpus)
    assert [pair for pair in found if pair.theirs != pair.ours] == []
    assert (len({pair.case for pair in found}), len(found)) == (21, 282)


def test_enriched_and_odd_files_of_plaso(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "audit_enriched.log").read_bytes()
    payloads = split(data)
    events = FORMAT.parse(payloads, CONTEXT)
    assert (len(payloads), sum(payload.count(b"\n") + 1 for payload in payloads)) == (12, 29)
    assert all(isinstance(event, Event) for event in events)
    odd = FORMAT.parse(split((corpus / "plaso-test-data" / "selinux.log").read_bytes()), CONTEXT)
    assert [type(reading).__name__ for reading in odd].count("Unparsed") == 4
    assert sum(len(json.loads(event.attributes)["type"]) for event in odd if isinstance(event, Event)) == 7
