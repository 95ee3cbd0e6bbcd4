"""The hook program: hands over what an agent or Git gave it, and never stands in its way.

It runs as a single file under ``python -I -S``, installed beside nothing of the package, because its start is most of
what a call costs; so it imports only what is in the interpreter itself, and each import where it is needed.

    hook.py agent KIND                    what the agent gives on standard input
    hook.py git NAME KEPT [ARGUMENTS]     a Git hook; KEPT is the hook that was there before, and runs first

Promises: standard output stays empty and the exit status 0 whatever happens (a Git hook's are those of KEPT); standard
input is read to its end, so that who writes it meets no closed pipe; a call ends within ``WAIT`` once its input did.
Where Git's setting ``vestige.gate`` is ``on``, a push is judged, as long as that takes, and goes only if it may.
Nothing is written to a disk but, where even the capture program cannot be started, that something was lost.

A message to the program: four bytes with the length of a head, the head (fields joined by NUL: version, what, id, time
in nanoseconds, ``late`` if the call has gone on meanwhile, directory, further words), and what was given, up to the end
of the stream. The answer is one line that begins with ``ok`` once it is kept, or with ``no`` and the reason.
"""

import os
import sys
import time

VERSION = "1"
MOST = 16 << 20
"""Bytes that are handed over; of more, the first of them and how many there were."""
HEAD = 64 << 10
"""Bytes of it that are handed over if there is more: enough to tell what it was."""
WAIT = 1.0
"""Seconds a call waits for the program's answer."""
PATIENCE = 30.0
"""Seconds for which what was given is held in memory until the program has started."""
AGAIN = 60.0
"""Seconds after which a program that refused to start is started again."""
INPUT = 5.0
"""Seconds without a byte after which nobody is taken to write any more."""
READING = ("post-rewrite", "pre-push")
"""Git hooks that are given something on standard input."""


def main(arguments: list[str]) -> int:
    """Run as the hook; the exit status."""
    status = 0
    try:
        if arguments[0] == "git":
            status = git(arguments[1], arguments[2], arguments[3:])
        else:
            given, size = read()
            words = [arguments[1]] if size == len(given) else [arguments[1], str(size)]
            hand_over("agent", words, given if size == len(given) else given[:HEAD])
    except BaseException:  # noqa: BLE001 - a hook that fails must not be noticed by the agent
        return status if arguments[:2] != ["git", "pre-push"] else status or gate(arguments[3:], b"", whole=False)
    return status


def git(name: str, kept: str, words: list[str]) -> int:
    """Run the hook that was there before as Git would have, then tell what happened; its exit status."""
    given, size = read() if name in READING else (b"", 0)
    status = 0
    if os.path.isfile(kept) and os.access(kept, os.X_OK):  # noqa: PTH113 - pathlib costs 10 ms to import
        status = run(kept, words, given if name in READING else None)
    try:
        if status == 0 or name.startswith("post-"):
            hand_over("git", [name, *words], given[:MOST])
        warn()
    except BaseException:  # noqa: BLE001, S110 - as in main
        pass
    if name == "pre-push" and status == 0:
        return gate(words, given, whole=size == len(given))
    return status


def gate(words: list[str], given: bytes, *, whole: bool) -> int:
    """Have a push judged, if that is asked for; 0 lets it go. Whatever goes wrong, it does not."""
    try:
        quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_RDWR, 0)]
        words_of = ["git", "config", "--get", "vestige.gate", "^on$"]
        asked = os.waitstatus_to_exitcode(
            os.waitpid(os.posix_spawnp("git", words_of, os.environ, file_actions=quiet), 0)[1]
        )
        if asked == 1:
            return 0  # it is not set, or not to that
        if whole:
            # Not -I: what this user's environment names holds for commands, too; only the folder we stand in does not.
            remote = [*words, "", ""][:2]
            return run(sys.executable, ["-P", "-m", "vestige", "check", "--pre-push", *remote], given)
        os.write(2, b"vestige: what is pushed could not be read, so it is not judged and does not go\n")
    except BaseException as error:  # noqa: BLE001 - fail closed
        os.write(2, f"vestige: the push cannot be judged and does not go: {error!r}\n".encode())
    return 1


def run(kept: str, words: list[str], given: bytes | None) -> int:
    """Run a program with these words; with what was given on its input, or our own."""
    reading, writing = os.pipe() if given is not None else (-1, -1)
    child = os.fork()
    if not child:
        try:
            if given is not None:
                os.dup2(reading, 0)
                os.close(reading)
                os.close(writing)
            os.execv(kept, [kept, *words])  # noqa: S606 - the hook Git would have run
        except OSError:
            # No line that names an interpreter: Git runs such a file by the shell, too.
            os.execv("/bin/sh", ["/bin/sh", kept, *words])  # noqa: S606
        finally:
            os._exit(127)
    if given is not None:
        os.close(reading)
        try:
            while given:
                given = given[os.write(writing, given) :]
        except OSError:
            pass  # it did not want to read it all
        os.close(writing)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF


def read() -> tuple[bytes, int]:
    """What stands on standard input, as much as is handed over, and how many bytes there were."""
    import select  # noqa: PLC0415

    poll = select.poll()
    poll.register(0, select.POLLIN)
    parts: list[bytes] = []
    size = 0
    while poll.poll(INPUT * 1000) and (part := os.read(0, 1 << 16)):
        size += len(part)
        if size <= MOST:
            parts.append(part)
    return b"".join(parts), size


def folder() -> str:
    """Where the program listens."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.environ["HOME"], ".local/state")  # noqa: PTH118
    if not os.path.isabs(base):  # noqa: PTH117
        raise OSError("no home")
    return os.path.join(base, "vestige/agent")  # noqa: PTH118


def hand_over(what: str, words: list[str], given: bytes) -> None:
    """Give it to the program; where none runs, start one, and let a child of ours hold it in memory meanwhile."""
    fields = [VERSION, what, os.urandom(16).hex(), str(time.time_ns()), "", os.getcwd(), *words]  # noqa: PTH109
    if tell(message(fields, given), WAIT) is None:
        fields[4] = "late"
        carry(message(fields, given))


def message(fields: list[str], given: bytes) -> bytes:
    """What is said to the program."""
    head = b"\0".join(os.fsencode(field) for field in fields)
    return len(head).to_bytes(4, "big") + head + given


def tell(said: bytes, wait: float) -> bytes | None:
    """Say something to the program. The answer; empty if it took it and has not answered yet, none if it is not there.

    The folder is entered, as a socket's path may have no more than 107 bytes.
    """
    import _socket  # noqa: PLC0415 - `socket` costs 15 ms to import

    before = os.getcwd()  # noqa: PTH109
    try:
        os.chdir(folder())
        about = os.stat(".")  # noqa: PTH116
        if about.st_uid != os.geteuid() or about.st_mode & 0o077:
            return b"no: others may enter the folder"
        road = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        road.settimeout(wait)
        road.connect("socket")
    except OSError:
        return None
    finally:
        os.chdir(before)
    try:
        road.sendall(said)
        road.shutdown(_socket.SHUT_WR)
        return road.recv(1 << 16) or None
    except TimeoutError:
        return b""
    except OSError:
        return None
    finally:
        road.close()


def carry(said: bytes) -> None:
    """Leave a process behind that starts the program and hands it over. The caller goes on at once."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):  # the agent waits until its pipes are closed
                os.dup2(nothing, descriptor)
            deliver(said)
    finally:
        os._exit(0)


def deliver(said: bytes) -> None:
    """Start the program and try until it answers, or note that something was lost."""
    due = time.monotonic() + PATIENCE
    directory = os.fsencode(os.getcwd()).replace(b"\n", b"?")  # noqa: PTH109
    try:
        while time.monotonic() < due:
            start()
            if tell(said, PATIENCE) is not None:
                return
            if os.path.exists(os.path.join(folder(), "refused")):  # noqa: PTH110, PTH118
                break
            time.sleep(0.05)
    except OSError:
        pass  # there is no place to keep anything, perhaps not even what follows
    with open(os.path.join(folder(), "lost"), "ab", buffering=0) as file:  # noqa: PTH118, PTH123
        file.write(b"%d %s\n" % (time.time_ns(), directory))


def start() -> None:
    """Start the program, unless it runs, or has just refused to. Of several only one goes on: who gets the lock."""
    import fcntl  # noqa: PLC0415

    os.makedirs(folder(), mode=0o700, exist_ok=True)  # noqa: PTH103
    lock = os.open(os.path.join(folder(), "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # noqa: PTH118
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # it runs, or is being started
    finally:
        os.close(lock)
    refused = os.path.join(folder(), "refused")  # noqa: PTH118
    try:
        if time.time() - os.stat(refused).st_mtime < AGAIN:  # noqa: PTH116
            return
        os.unlink(refused)  # noqa: PTH108
    except FileNotFoundError:
        pass
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    words = [sys.executable, "-I", "-m", "vestige", "agent", "daemon"]
    # Whoever waits until our streams are closed must not wait for it.
    apart = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    os.posix_spawn(words[0], words, own, file_actions=apart)
    time.sleep(1)


def warn() -> None:
    """Say at a Git hook, where a person looks, that nothing is captured."""
    with open(os.path.join(folder(), "refused"), "rb") as file:  # noqa: PTH118, PTH123
        os.write(2, b"vestige: agents are not captured: " + file.read(300).strip() + b"; see `vestige agent status`\n")


if __name__ == "__main__":
    # Not sys.exit: nothing is left to be put in order, and an interpreter's end takes as long as its start.
    os._exit(main(sys.argv[1:]))
