"""What a system's own services say in syslog, a row each; and audit records that syslog carried."""

# ruff: noqa: E501 - rows of a table hold whole messages
from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING

import pytest

from vestige.model.event import Event
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, detect
from vestige.sources.general.syslog import FORMAT
from vestige.sources.general.syslog_messages import understand
from vestige.sources.general.syslog_rules import rules_of
from vestige.sources.general.syslog_system_rules import BY_PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

SAID = [
    # program, message, type, outcome, actor, subject, object, source address, source port
    ("systemd", "Reached target Network.", "service.status", "", "", "", "Network", "", 0),
    ("systemd", "nginx.service: Succeeded.", "service.stopped", "success", "", "", "nginx.service", "", 0),
    ("systemd", "nginx.service: Main process exited, code=exited, status=1/FAILURE", "service.error", "failure", "", "", "nginx.service", "", 0),
    ("systemd", "Starting nginx...", "service.status", "", "", "", "nginx", "", 0),
    ("systemd", "Startup finished in 1.2s (kernel) + 3s (userspace) = 4s.", "host.started", "success", "", "", "", "", 0),
    ("systemd", "Mounted /data.", "host.device_attached", "", "", "", "/data", "", 0),
    ("systemd-logind", "System is rebooting.", "host.stopped", "", "", "", "", "", 0),
    ("shutdown", "shutting down for system halt", "host.stopped", "", "", "", "", "", 0),
    ("systemd-coredump", "Process 5 (app) of user 0 dumped core.", "service.error", "failure", "", "", "app", "", 0),
    ("kernel", "[    0.000000] Linux version 6.1.0 (x@y)", "host.started", "success", "", "", "", "", 0),
    ("kernel", "[12.5] Out of memory: Killed process 77 (java) total-vm:1kB", "process.stopped", "failure", "", "", "java", "", 0),
    ("kernel", "usb 1-1: New USB device found, idVendor=1, idProduct=2", "host.device_attached", "", "", "", "1-1", "", 0),
    ("kernel", "device eth0 entered promiscuous mode", "alert.raised", "", "", "", "eth0", "", 0),
    ("kernel", "evil: loading out-of-tree module taints kernel.", "module.loaded", "", "", "", "evil", "", 0),
    ("kernel", "EXT4-fs error (device sda1): x", "host.error", "failure", "", "", "", "", 0),
    ("kernel", "app[5]: segfault at 0 ip 0 sp 0 error 4 in app", "service.error", "failure", "", "", "app", "", 0),
    ("rsyslogd", '[origin software="rsyslogd" swVersion="8" x-pid="1"] start', "service.started", "", "", "", "", "", 0),
    ("rsyslogd", '[origin software="rsyslogd" swVersion="8" x-pid="1"] exiting on signal 15.', "service.stopped", "", "", "", "", "", 0),
    ("rsyslogd", "imuxsock lost 90 messages from pid 5 due to rate-limiting", "logging.lost", "failure", "", "", "", "", 0),
    ("anacron", "Normal exit (1 job run)", "service.stopped", "success", "", "", "", "", 0),
    ("anacron", "Job `cron.daily' started", "schedule.ran", "", "", "", "cron.daily", "", 0),
    ("dhclient", "DHCPREQUEST of 192.0.2.5 on eth0 to 192.0.2.1 port 67", "network.dhcp", "", "", "", "eth0", "", 0),
    ("dhclient", "DHCPACK of 192.0.2.5 from 192.0.2.1", "network.dhcp", "success", "", "", "DHCPACK", "192.0.2.1", 0),
    ("dhclient", "bound to 192.0.2.5 -- renewal in 1000 seconds.", "network.dhcp", "success", "", "", "192.0.2.5", "", 0),
    ("NetworkManager", "<info>  [1.5] device (eth0): state change: activated -> deactivating", "host.state", "", "", "", "eth0", "", 0),
    ("NetworkManager", "<info>  [1.5] dhcp4 (eth0): state changed bound -> expire", "network.dhcp", "", "", "", "eth0", "", 0),
    ("polkitd", "Operator of unix-process:5:9 successfully authenticated as unix-user:root to gain ONE-SHOT authorization for action org.x for system-bus-name::1.5 [cmd] (owned by unix-user:bob)", "auth.privilege_used", "success", "bob", "root", "org.x", "", 0),
    ("polkitd", "Operator of unix-process:5:9 FAILED to authenticate to gain authorization for action org.x for unix-process:5:9 [cmd] (owned by unix-user:eve)", "auth.privilege_refused", "failure", "eve", "", "org.x", "", 0),
    ("pkexec", "bob: Executing command [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/usr/bin/x [y]]", "auth.privilege_used", "success", "bob", "root", "/usr/bin/x [y]", "", 0),
    ("dbus-daemon", "[system] Successfully activated service 'org.x'", "service.started", "success", "", "", "org.x", "", 0),
    ("dbus", "[system] Failed to activate service 'org.x': timed out", "service.error", "failure", "", "", "org.x", "", 0),
    ("postfix/smtpd", "connect from mail.example[192.0.2.7]", "network.connection", "", "", "", "", "192.0.2.7", 0),
    ("postfix/smtpd", "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFz", "auth.login_failed", "failure", "", "", "", "192.0.2.7", 0),
    ("postfix/smtpd", "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: x, sasl_username=bob", "auth.login_failed", "failure", "bob", "", "", "192.0.2.7", 0),
    ("postfix/smtpd", "4Ab: client=unknown[192.0.2.7], sasl_method=LOGIN, sasl_username=bob", "auth.login", "success", "bob", "", "4Ab", "192.0.2.7", 0),
    ("postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 x", "network.denied", "failure", "", "", "NOQUEUE", "192.0.2.7", 0),
    ("postfix/smtp", "4Ab: to=<a@b.example>, relay=r[192.0.2.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)", "network.email", "success", "", "a@b.example", "4Ab", "", 0),
    ("postfix/smtp", "4Ab: to=<a@b.example>, relay=none, delay=1, dsn=4.4.1, status=deferred (timeout)", "network.email", "failure", "", "a@b.example", "4Ab", "", 0),
    ("dovecot", "imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=5, TLS, session=<x>", "auth.login", "success", "bob", "", "", "192.0.2.7", 0),
    ("dovecot", "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<eve>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS", "auth.login_failed", "failure", "eve", "", "", "192.0.2.7", 0),
    ("dovecot", "imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=192.0.2.1", "auth.probe", "", "", "", "", "192.0.2.7", 0),
    ("dovecot", "imap(bob): Logged out in=5 out=9", "auth.logout", "", "bob", "", "", "", 0),
    ("named", "client @0x7f 192.0.2.7#5353 (a.example): query: a.example IN A + (192.0.2.1)", "network.dns", "", "", "", "a.example", "192.0.2.7", 5353),
    ("named", "client 192.0.2.7#99 (x.example): query (cache) 'x.example/A/IN' denied", "access.denied", "failure", "", "", "x.example", "192.0.2.7", 99),
    ("vsftpd", '[bob] FAIL LOGIN: Client "192.0.2.7"', "auth.login_failed", "failure", "bob", "", "", "192.0.2.7", 0),
    ("chronyd", "System clock was stepped by 5.1 seconds", "host.clock_changed", "", "", "", "", "", 0),
    ("yum", "Installed: gcc-4.8.5-39.el7.x86_64", "software.installed", "success", "", "", "gcc-4.8.5-39.el7.x86_64", "", 0),
    ("yum", "Erased: gcc", "software.removed", "success", "", "", "gcc", "", 0),
    ("fail2ban.actions", "NOTICE [sshd] Ban 192.0.2.7", "network.denied", "failure", "", "", "", "192.0.2.7", 0),
    ("auditd", "The audit daemon is exiting.", "logging.disabled", "", "", "", "", "", 0),
    ("falco", "16:31:56.746609046: Error File opened (user=root)", "alert.raised", "", "", "", "", "", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "message", "kind", "outcome", "actor", "subject", "thing", "ip", "port"),
    SAID,
    ids=[f"{row[0]} {row[1][:40]}" for row in SAID],
)
def test_services_mean_what_they_document(
    program: str, message: str, kind: str, outcome: str, actor: str, subject: str, thing: str, ip: str, port: int
) -> None:
    meaning = understand(program, message, "web-1", "7")
    assert meaning is not None
    assert (meaning.event_type, meaning.outcome) == (kind, outcome)
    assert (meaning.actor, meaning.subject, meaning.object_id) == (actor, subject, thing)
    assert (meaning.src_ip, meaning.src_port) == (ip, port)


PACKET = "IN=eth0 OUT= MAC=aa:bb SRC=192.0.2.7 DST=192.0.2.8 LEN=60 PROTO={} SPT=5000 DPT=22 SYN URGP=0"
PREFIXES = [
    ("[12.5] [UFW BLOCK] ", "network.denied", "failure"),
    ("[UFW ALLOW] ", "network.connection", "success"),
    ("iptables denied: ", "network.denied", "failure"),
    ("FINAL_REJECT: ", "network.denied", "failure"),
    ("", "network.connection", ""),
    ("mine ", "network.connection", ""),
]


@pytest.mark.parametrize(("prefix", "kind", "outcome"), PREFIXES)
def test_packets_of_a_firewalls_log_rule(prefix: str, kind: str, outcome: str) -> None:
    event = parsed(f"Jan  1 00:00:00 web-1 kernel: {prefix}{PACKET.format('TCP')}")
    assert (event.event_type, event.outcome) == (kind, outcome)
    assert (event.src_ip, event.src_port, event.dst_ip, event.dst_port, event.protocol) == (
        "192.0.2.7",
        5000,
        "192.0.2.8",
        22,
        "tcp",
    )
    assert json.loads(event.attributes)["IN"] == "eth0"
    assert event.host == "web-1"


def parsed(line: str) -> Event:
    (event,) = FORMAT.parse([line.encode()], Context(received_at=0, year=2026))
    assert isinstance(event, Event)
    return event


AUDIT = 'type=1400 audit(1767225600.123:7): apparmor="DENIED" operation="open" profile="p" name="/etc/shadow" pid=5 comm="x" requested_mask="r" denied_mask="r" fsuid=0 ouid=0'


def test_audit_records_in_syslog_are_read_at_their_own_time() -> None:
    event = parsed(f"Jan  1 01:00:00 web-1 kernel: [ 12.5] audit: {AUDIT}")
    assert (event.event_type, event.outcome, event.action, event.object_id) == (
        "access.denied",
        "failure",
        "AVC",
        "/etc/shadow",
    )
    assert (event.occurred_at, event.time_quality, event.host) == (1_767_225_600_123_000_000, "exact", "web-1")
    assert event.observed_at == 1_767_229_200_000_000_000
    assert event.keys[0] == ("custom", "audit::1767225600.123:7")
    fields = json.loads(event.attributes)
    assert (fields["app_name"], fields["apparmor"], fields["time"]) == ("kernel", "DENIED", "1767225600.123")
    sent = parsed(
        'Jan  1 01:00:00 h audispd: node=web-1 type=USER_LOGIN msg=audit(1767225600.123:8): pid=1 uid=0 msg=\'op=login acct="eve" exe="/usr/sbin/sshd" addr=192.0.2.7 res=failed\''
    )
    assert (sent.event_type, sent.actor_id, sent.src_ip, sent.host) == (
        "auth.login_failed",
        "eve",
        "192.0.2.7",
        "web-1",
    )


def test_other_programs_cannot_speak_as_the_audit_trail() -> None:
    event = parsed(f"Jan  1 01:00:00 h webapp: {AUDIT}")
    assert (event.event_type, event.time_quality) == ("log.line", "assumed_year")


def test_where_a_connection_went_is_told_too() -> None:
    event = parsed("Jan  1 00:00:00 h sshd[5]: Connection from 192.0.2.7 port 9 on 192.0.2.1 port 22")
    assert (event.dst_ip, event.dst_port) == ("192.0.2.1", 22)


def test_every_rule_names_a_word_of_the_vocabulary() -> None:
    for table in BY_PROGRAM.values():
        for rule in rules_of(table):
            assert rule.event_type in VOCABULARY
            assert not rule.pattern.fullmatch("some words nobody wrote")


HOSTILE = ["a" * 10**6, "[" * 10**6, "rip=" * 250_000, "x=" * 500_000, "(auth failed" * 80_000, " authorization for action x for " * 30_000, "[USER=" * 160_000, "IN= OUT= " * 110_000, '[origin software="' * 50_000]  # fmt: skip


@pytest.mark.parametrize(
    "program",
    sorted({"kernel", "dovecot", "polkitd", "pkexec", "rsyslogd", "fail2ban", "named", "smtpd", "systemd", "dbus"}),
)
def test_hostile_messages_cost_no_more_than_long_ones(program: str) -> None:
    for said in HOSTILE:
        for start in (
            "",
            "imap-login: Disconnected (",
            "Operator of x FAILED to authenticate ",
            "x: Executing command ",
            "NOTICE [",
            "warning: ",
        ):
            started = time.process_time()
            understand(program, start + said, "h", "1")
            assert time.process_time() - started < 1, (program, start, said[:20])


def test_what_stays_a_plain_line_of_real_sign_in_logs(corpus: Path) -> None:
    """The share of lines that are told as lines only; what they are stands in the formats' documentation."""
    for file, lines, plain in (
        (corpus / "linux-auth" / "auth.log.part1.gz", 3560, 33),
        (corpus / "ecs-oracle-filebeat" / "system" / "auth" / "auth-ubuntu1204.log.gz", 1000, 15),
    ):
        data = gzip.decompress(file.read_bytes())
        assert detect(Sample("f", data[:65536], complete=False)).format is FORMAT
        events = FORMAT.parse(data.splitlines(), Context(received_at=1_764_000_000_000_000_000))
        kinds = [event.event_type for event in events if isinstance(event, Event)]
        assert (len(kinds), kinds.count("log.line")) == (lines, plain)
