"""``auth.log``: sign-ins over SSH and commands run with raised rights, as OpenSSH, sudo, PAM and cron word them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import HOSTS, OFFICE
from vestige.demo.chance import ALNUM, stream, text
from vestige.demo.shapes.syslog import Syslog

if TYPE_CHECKING:
    from vestige.demo.cast import Cast
    from vestige.demo.writing import Writing

_GUESSED = (b"admin", b"test", b"oracle", b"ubuntu", b"git", b"postgres", b"ftp", b"guest")
_COMMANDS = (
    b"/usr/bin/systemctl status export-service",
    b"/usr/bin/apt-get update",
    b"/usr/bin/journalctl -u api-service -n 100",
    b"/usr/sbin/nginx -t",
)


class Auth(Syslog):
    """The collected ``auth.log`` of all hosts."""

    def __init__(self, cast: Cast, source: str = "auth") -> None:
        self._planted = stream(cast.seed, source, "planted")
        rng = stream(cast.seed, source, "pool")
        staff = [(person.name.encode(), text(rng, 43, ALNUM).encode()) for person in cast.people[:64]]
        outside = [b"198.51.100.%d" % n for n in range(1, 121)]
        inside = [ip.encode() for _, ip in HOSTS] + [OFFICE.encode()]

        def accepted(draw: int, pid: bytes) -> bytes:
            user, key = staff[draw & 63]
            ip, port = inside[(draw >> 8) % len(inside)], 32768 + (draw >> 16 & 16383)
            return b"sshd[%b]: Accepted publickey for %b from %b port %d ssh2: ED25519 SHA256:%b" % (
                pid,
                user,
                ip,
                port,
                key,
            )

        def opened(draw: int, pid: bytes) -> bytes:
            return b"sshd[%b]: pam_unix(sshd:session): session opened for user %b by (uid=0)" % (
                pid,
                staff[draw & 63][0],
            )

        def closed(draw: int, pid: bytes) -> bytes:
            return b"sshd[%b]: pam_unix(sshd:session): session closed for user %b" % (pid, staff[draw & 63][0])

        def guessed(draw: int, pid: bytes) -> bytes:
            user, ip = _GUESSED[draw & 7], outside[(draw >> 8) % len(outside)]
            return b"sshd[%b]: Failed password for invalid user %b from %b port %d ssh2" % (
                pid,
                user,
                ip,
                32768 + (draw >> 16 & 16383),
            )

        def left(draw: int, pid: bytes) -> bytes:
            ip = outside[(draw >> 8) % len(outside)]
            return b"sshd[%b]: Connection closed by %b port %d [preauth]" % (pid, ip, 32768 + (draw >> 16 & 16383))

        def sudo(draw: int, pid: bytes) -> bytes:
            user = staff[draw & 63][0]
            # sudo gives no process id; the terminal and folder keep two lines of one second apart.
            return b"sudo: %b : TTY=pts/%d ; PWD=/home/%b/work-%b ; USER=root ; COMMAND=%b" % (
                user.rjust(8),
                draw >> 8 & 7,
                user,
                pid,
                _COMMANDS[draw >> 16 & 3],
            )

        def cron(draw: int, pid: bytes) -> bytes:
            verb = b"opened for user root by (uid=0)" if draw & 1 else b"closed for user root"
            return b"CRON[%b]: pam_unix(cron:session): session %b" % (pid, verb)

        super().__init__(
            source,
            [(accepted, 22), (opened, 22), (closed, 20), (guessed, 10), (left, 8), (sudo, 10), (cron, 36)],
        )

    def accepted(self, host: str, user: str, ip: str) -> Writing:
        """A key was let in by sshd."""
        rng = self._planted
        key, port = text(rng, 43, ALNUM), 40000 + rng.getrandbits(12)
        return self.line(
            host,
            f"sshd[{self._pid()}]",
            f"Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 SHA256:{key}",
            event_type="auth.login",
            outcome="success",
            actor=user,
            keys=(("ip", ip),),
        )

    def opened(self, host: str, user: str) -> Writing:
        """PAM opened a session."""
        return self.line(
            host,
            f"sshd[{self._pid()}]",
            f"pam_unix(sshd:session): session opened for user {user} by (uid=0)",
            event_type="session.opened",
            outcome="success",
            actor=user,
        )

    def refused(self, host: str, user: str, ip: str) -> Writing:
        """A password was refused by sshd, for a user that does not exist."""
        return self.line(
            host,
            f"sshd[{self._pid()}]",
            f"Failed password for invalid user {user} from {ip} port {40000 + self._planted.getrandbits(12)} ssh2",
            event_type="auth.login_failed",
            outcome="failure",
            actor=user,
            keys=(("ip", ip),),
        )

    def sudo(self, host: str, user: str, command: str) -> Writing:
        """A command ran as root."""
        return self.line(
            host,
            "sudo",
            f"{user:>8} : TTY=pts/1 ; PWD=/home/{user} ; USER=root ; COMMAND={command}",
            event_type="auth.privilege_used",
            outcome="success",
            actor=user,
        )

    def _pid(self) -> int:
        # Above all background process ids, so that no drawn line can be the same as a told one.
        return 4_100_000 + self._planted.getrandbits(16)
