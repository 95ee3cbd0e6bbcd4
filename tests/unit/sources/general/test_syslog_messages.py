"""What sign-in programs say, a row each: program, message, and what it must mean."""

# ruff: noqa: E501 - rows of a table hold whole messages
from __future__ import annotations

import pytest

from vestige.model.vocabulary import VOCABULARY
from vestige.sources.general import syslog_rules
from vestige.sources.general.syslog_messages import understand

SAID = [
    # program, message, type, outcome, actor, subject, object, address, port
    ("sshd", "Accepted publickey for bob from 10.0.0.1 port 22 ssh2: ED25519 SHA256:abc", "auth.login", "success", "bob", "", "", "10.0.0.1", 22),
    ("sshd", "Failed password for invalid user a b from 2001:db8::1 port 5 ssh2", "auth.login_failed", "failure", "a b", "", "", "2001:db8::1", 5),
    ("sshd", "Failed none for root from 1.2.3.4 port 9", "auth.login_failed", "failure", "root", "", "", "1.2.3.4", 9),
    ("sshd", "Invalid user  from 1.2.3.4 port 9", "auth.login_failed", "failure", "", "", "", "1.2.3.4", 9),
    ("sshd", "User x from 1.2.3.4 not allowed because not listed in AllowUsers", "auth.login_failed", "failure", "x", "", "", "1.2.3.4", 0),
    ("sshd", "error: maximum authentication attempts exceeded for root from 1.2.3.4 port 9 ssh2 [preauth]", "auth.login_failed", "failure", "root", "", "", "1.2.3.4", 9),
    ("sshd", "Disconnecting: Too many authentication failures for root [preauth]", "auth.probe", "failure", "root", "", "", "", 0),
    ("sshd", "Disconnecting authenticating user root 1.2.3.4 port 9: Too many authentication failures [preauth]", "auth.probe", "failure", "root", "", "", "1.2.3.4", 9),
    ("sshd", "Connection closed by authenticating user root 1.2.3.4 port 9 [preauth]", "auth.probe", "", "root", "", "", "1.2.3.4", 9),
    ("sshd", "Connection reset by invalid user x 1.2.3.4 port 9 [preauth]", "auth.probe", "", "x", "", "", "1.2.3.4", 9),
    ("sshd", "Received disconnect from 1.2.3.4: 11: Bye Bye [preauth]", "auth.probe", "", "", "", "", "1.2.3.4", 0),
    ("sshd", "Received disconnect from 1.2.3.4 port 9:11: disconnected by user", "network.connection", "", "", "", "", "1.2.3.4", 9),
    ("sshd", "Disconnected from user bob 1.2.3.4 port 9", "auth.logout", "", "bob", "", "", "1.2.3.4", 9),
    ("sshd", "Disconnected from invalid user bob 1.2.3.4 port 9 [preauth]", "auth.probe", "", "bob", "", "", "1.2.3.4", 9),
    ("sshd-session", "Accepted password for bob from 1.2.3.4 port 9 ssh2", "auth.login", "success", "bob", "", "", "1.2.3.4", 9),
    ("sshd", "message repeated 5 times: [ Failed password for root from 1.2.3.4 port 9 ssh2]", "auth.login_failed", "failure", "root", "", "", "1.2.3.4", 9),
    ("sshd", "reverse mapping checking getaddrinfo for h.example [1.2.3.4] failed - POSSIBLE BREAK-IN ATTEMPT!", "auth.probe", "", "", "", "", "1.2.3.4", 0),
    ("sshd", "Address 1.2.3.4 maps to h, but this does not map back to the address - POSSIBLE BREAK-IN ATTEMPT!", "auth.probe", "", "", "", "", "1.2.3.4", 0),
    ("sshd", "Bad protocol version identification '\\003' from 1.2.3.4 port 9", "auth.probe", "", "", "", "", "1.2.3.4", 9),
    ("sshd", "Did not receive identification string from UNKNOWN", "auth.probe", "", "", "", "", "", 0),
    ("sshd", "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  user=root", "auth.check_failed", "failure", "root", "", "", "1.2.3.4", 0),
    ("sshd(pam_unix)", "authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=1.2.3.4  user=root", "auth.check_failed", "failure", "root", "", "", "1.2.3.4", 0),
    ("vsftpd", "pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=x rhost=1.2.3.4  user=x", "auth.login_failed", "failure", "x", "", "", "1.2.3.4", 0),
    ("sudo", "pam_unix(sudo:auth): authentication failure; logname=eve uid=1 euid=0 tty=/dev/pts/0 ruser=eve rhost=  user=eve", "auth.privilege_refused", "failure", "eve", "eve", "", "", 0),
    ("sudo", "pam_unix(sudo:session): session opened for user root(uid=0) by bob(uid=1000)", "session.opened", "success", "bob", "root", "", "", 0),
    ("sshd", "pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)", "session.opened", "success", "bob", "", "", "", 0),
    ("su", "pam_unix(su:session): session closed for user root", "session.closed", "", "root", "", "", "", 0),
    ("passwd", "pam_unix(passwd:chauthtok): password changed for bob", "account.credential_changed", "success", "", "bob", "", "", 0),
    ("sudo", "bob : TTY=pts/0 ; PWD=/home/b ; USER=root ; COMMAND=/bin/sh -c 'a ; USER=x'", "auth.privilege_used", "success", "bob", "root", "/bin/sh -c 'a ; USER=x'", "", 0),
    ("sudo", "eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", "auth.privilege_refused", "failure", "eve", "root", "/bin/ls", "", 0),
    ("sudo", "eve : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", "auth.privilege_refused", "failure", "eve", "root", "/bin/ls", "", 0),
    ("su", "Successful su for root by bob", "auth.privilege_used", "success", "bob", "root", "", "", 0),
    ("su", "FAILED su for root by eve", "auth.privilege_refused", "failure", "eve", "root", "", "", 0),
    ("su", "FAILED SU (to root) eve on pts/0", "auth.privilege_refused", "failure", "eve", "root", "", "", 0),
    ("su", "(to root) bob on pts/0", "auth.privilege_used", "success", "bob", "root", "", "", 0),
    ("CRON", "(root) CMD (run-parts /etc/cron.hourly)", "schedule.ran", "", "root", "", "run-parts /etc/cron.hourly", "", 0),
    ("crontab", "(bob) REPLACE (bob)", "resource.changed", "", "bob", "bob", "", "", 0),
    ("crontab", "(bob) BEGIN EDIT (bob)", "log.line", "", "bob", "bob", "", "", 0),
    ("systemd-logind", "New session 258 of user ubuntu.", "session.opened", "success", "ubuntu", "", "", "", 0),
    ("systemd", "Started Session 12 of user root.", "session.opened", "success", "root", "", "", "", 0),
    ("systemd", "Failed to start nginx.", "service.error", "failure", "", "", "nginx", "", 0),
    ("useradd", "new user: name=bob, UID=1, GID=1, home=/h, shell=/s", "account.created", "success", "", "bob", "", "", 0),
    ("useradd", "failed adding user 'bob', data deleted", "account.created", "failure", "", "bob", "", "", 0),
    ("usermod", "add 'bob' to group 'sudo'", "access.granted", "success", "", "bob", "sudo", "", 0),
    ("usermod", "add 'bob' to shadow group 'sudo'", "access.granted", "success", "", "bob", "sudo", "", 0),
    ("gpasswd", "user bob removed by root from group sudo", "access.revoked", "success", "root", "bob", "sudo", "", 0),
    ("userdel", "delete user 'bob'", "account.deleted", "success", "", "bob", "", "", 0),
    ("groupadd", "new group: name=apache, GID=48", "account.created", "success", "", "", "apache", "", 0),
    ("chage", "changed password expiry for bob", "account.changed", "success", "", "bob", "", "", 0),
    ("login", "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure", "auth.login_failed", "failure", "root", "", "", "", 0),
    ("login", "LOGIN ON tty1 BY bob FROM 1.2.3.4", "auth.login", "success", "bob", "", "", "1.2.3.4", 0),
    ("dropbear", "Bad password attempt for 'root' from 1.2.3.4:99", "auth.login_failed", "failure", "root", "", "", "1.2.3.4", 99),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "message", "kind", "outcome", "actor", "subject", "thing", "ip", "port"),
    SAID,
    ids=[row[1][:50] for row in SAID],
)
def test_messages_mean_what_their_programs_document(
    program: str, message: str, kind: str, outcome: str, actor: str, subject: str, thing: str, ip: str, port: int
) -> None:
    meaning = understand(program, message, "web-1", "7")
    assert meaning is not None
    assert (meaning.event_type, meaning.outcome) == (kind, outcome)
    assert (meaning.actor, meaning.subject, meaning.object_id) == (actor, subject, thing)
    assert (meaning.src_ip, meaning.src_port) == (ip, port)
    assert kind in VOCABULARY


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("nginx", "Accepted password for bob from 1.2.3.4 port 9 ssh2"),
        ("systemd", "Started target x"),
        ("cron", "(CRON) INFO (x)"),
        ("", "x"),
    ],
)
def test_other_programs_and_other_messages_mean_nothing(program: str, message: str) -> None:
    assert understand(program, message, "web-1", "7") is None


def test_a_key_becomes_a_hash_and_local_ids_name_their_host() -> None:
    accepted = understand("sshd", "Accepted publickey for b from 1.2.3.4 port 9 ssh2: RSA SHA256:x", "web-1", "7")
    assert accepted is not None
    assert (accepted.keys, accepted.session) == ((("hash", "SHA256:x"),), "web-1:sshd[7]")
    opened = understand("systemd-logind", "New session 258 of user bob.", "web-1", "1")
    assert opened is not None
    assert opened.session == "web-1:258"
    nowhere = understand("sshd", "Invalid user x from 1.2.3.4", "web-1", "")
    assert nowhere is not None
    assert nowhere.session == ""
    other = understand("sshd", "User child is on pid 5", "web-1", "7")
    assert other is not None
    assert (other.event_type, other.session) == ("log.line", "web-1:sshd[7]")


def test_alarms_of_the_source_raise_the_severity_and_repetitions_are_kept() -> None:
    alarm = understand(
        "sshd", "reverse mapping checking getaddrinfo for h failed - POSSIBLE BREAK-IN ATTEMPT!", "h", "7"
    )
    assert alarm is not None
    assert alarm.severity == 2
    again = understand(
        "sshd", "message repeated 5 times: [ Failed password for root from 1.2.3.4 port 9 ssh2]", "h", "7"
    )
    assert again is not None
    assert ("repeated", "5") in again.details
    assert ("method", "password") in again.details


def test_every_rule_names_a_type_of_the_vocabulary_and_is_reached_by_no_catch_all() -> None:
    tables = [table for name, table in vars(syslog_rules).items() if name.isupper() and isinstance(table, str)]
    rules = [rule for table in tables for rule in syslog_rules.rules_of(table)]
    assert len(tables) == 11
    assert all(rule.event_type in VOCABULARY or rule.event_type == "" for rule in rules)
    assert not any(rule.pattern.fullmatch("some words nobody wrote") for rule in rules)
