"""Row 6: decoding and mapping alone, without ledger and index, in one process and two; and its memory on a large log.

EVTX stands against the library that decodes it and a JSON parser; lines against the JSON parser on events of about 400
bytes. Recognising, cutting and reading are all in our time. Rivals take turns, and both are measured by processor
time, which a busy machine does not change; two processes are measured by the clock, which it does.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from bench.machine import resident
from bench.parts import ROOT, SEED, Measure, rate, ratios
from evtx import PyEvtxParser

from support.made_evtx import event, file_of
from vestige.demo import json_lines
from vestige.ingest.interpreter import tuned_interpreter
from vestige.sources import Context, batches, detect, formats, take_sample

if TYPE_CHECKING:
    from bench.parts import Bench

ROUNDS = 5
EVTX_FILE = "windows-evtx/security.evtx.gz"
GIB = 1 << 30
_RECEIVED = 1_764_000_000_000_000_000


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    count = min(bench.events, 40_000 if bench.quick else 200_000)
    bench.say("parse: EVTX against its library")
    evtx = bench.part("bench.parse_speed:evtx", rounds=ROUNDS)
    measures = [
        ratios("parse EVTX / evtx + orjson", evtx["ours"], evtx["rival"], least=0.25),
        rate("parse EVTX", evtx["ours"], note=evtx["note"]),
        rate("evtx + orjson", evtx["rival"]),
    ]
    for kind in ("syslog", "web"):
        bench.say(f"parse: {count:,} {kind} lines against orjson on JSON events")
        found = bench.part("bench.parse_speed:lines", kind=kind, count=count, rounds=ROUNDS)
        measures += [
            ratios(f"parse {kind} lines / orjson of 400-byte events", found["ours"], found["rival"], least=0.12),
            rate(f"parse {kind} lines", found["ours"], note=found["note"]),
        ]
    measures.append(_two(bench, count))
    if bench.big:
        bench.say(f"parse: a log of {bench.big} GiB, cut and read as it is made")
        found = bench.part("bench.parse_speed:large", size=bench.big * GIB)
        note = f"{bench.big} GiB, {found['events']:,} lines, {found['events'] / found['seconds']:,.0f} events/s"
        measures.append(
            Measure("memory, peak of cutting and reading a large log", found["peak"], "MiB", most=2048, note=note)
        )
    else:
        bench.say("parse: no large log read; `--big 10` reads one of 10 GiB")
    return measures


def _two(bench: Bench, count: int) -> Measure:
    """Halves of a log, read by one process after another on one processor, and by two processes on two."""
    processors = sorted(os.sched_getaffinity(0))
    name = "parse with two processes / with one on one processor"
    if len(processors) < 2:
        return Measure(name, 0.0, "ratio", note="not measured: only one processor")
    one, two = [], []
    for turn in range(ROUNDS):
        bench.say(f"parse: one process, then two, {turn + 1} of {ROUNDS}")
        one.append(_wall([(count, processors[0])]))
        two.append(_wall([(count, processors[0]), (count, processors[1])]))
    # Two processes read twice as much: the ratio is of lines a second.
    return ratios(name, [2 / seconds for seconds in two], [1 / seconds for seconds in one], least=1.7)


def _wall(shares: list[tuple[int, int]]) -> float:
    """Seconds in which processes, each on its processor, read their lines; they begin together when all are ready."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.parse_speed", str(count), str(processor), str(place)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for place, (count, processor) in enumerate(shares)
    ]
    pipes = [(worker.stdin, worker.stdout) for worker in workers]
    for _, out in pipes:
        if out is None or out.readline() != b"ready\n":
            raise subprocess.SubprocessError("a parsing process did not start")
    begun = time.perf_counter()
    for into, _ in pipes:
        if into is not None:
            into.write(b"go\n")
            into.flush()
    for _, out in pipes:
        if out is None or out.readline() != b"done\n":
            raise subprocess.SubprocessError("a parsing process did not end well")
    taken = time.perf_counter() - begun
    for worker in workers:
        worker.communicate()
    return taken


def read(data: bytes) -> int:
    """Recognise, cut and read a member, under the interpreter's settings of an import; how many records it has."""
    with tuned_interpreter():
        return _read(data)


def _read(data: bytes) -> int:
    choice = detect(take_sample("member", io.BytesIO(data)))
    if choice.format is None or choice.detection is None:
        message = f"nothing reads the member: {choice.why}"
        raise RuntimeError(message)
    context = choice.detection.apply(Context(received_at=_RECEIVED, year_before=_RECEIVED))
    count = 0
    for records, under in batches(choice.format, io.BytesIO(data), context):
        count += len(choice.format.parse([record.payload for record in records], under))
    return count


def evtx(rounds: int) -> dict[str, Any]:
    """Events a second of EVTX: ours, and the library's JSON made objects."""
    formats()  # reading the parsers' own code is no part of reading a log
    data, note = _evtx_file()
    ours, rival = [], []
    for _ in range(rounds):
        begun = time.process_time()
        count = read(data)
        ours.append(count / (time.process_time() - begun))
        begun = time.process_time()
        with tuned_interpreter():
            parser: Any = PyEvtxParser(io.BytesIO(data), number_of_threads=1)
            # Kept until all are read, as our road keeps the events of a batch: this file is one.
            count = len([orjson.loads(row["data"]) for row in parser.records_json()])
        rival.append(count / (time.process_time() - begun))
    return {"ours": ours, "rival": rival, "note": note}


def _evtx_file() -> tuple[bytes, str]:
    corpus = Path(os.environ.get("VESTIGE_TEST_CORPUS", str(ROOT.parent / "shared" / "data")))
    if (corpus / EVTX_FILE).is_file():
        return gzip.decompress((corpus / EVTX_FILE).read_bytes()), "a real security log of 2,261 records"
    logon = {"SubjectUserName": "DC01$", "TargetUserName": "alice", "LogonType": "10", "IpAddress": "192.0.2.7"}
    return file_of(
        [[event(4624, logon, record=i) for i in range(30)] for _ in range(80)]
    ), "made by hand, without templates"


def lines(kind: str, count: int, rounds: int) -> dict[str, Any]:
    """Events a second of lines, and of the JSON parser on JSON events."""
    formats()
    data = _log(kind, count)
    rows = list(json_lines(SEED, count))
    ours, rival = [], []
    for _ in range(rounds):
        begun = time.process_time()
        found = read(data)
        ours.append(found / (time.process_time() - begun))
        begun = time.process_time()
        with tuned_interpreter():
            for row in rows:
                orjson.loads(row)
        rival.append(len(rows) / (time.process_time() - begun))
    size = sum(map(len, rows)) / len(rows)
    return {"ours": ours, "rival": rival, "note": f"lines of {len(data) / count:.0f} bytes, events of {size:.0f}"}


def large(size: int) -> dict[str, float]:
    """Cut and read a log of ``size`` bytes that is made while it is read; the process's peak."""
    stream: Any = Endless(_log("web", 50_000), size)
    choice = detect(take_sample("member", io.BytesIO(_log("web", 500))))
    if choice.format is None or choice.detection is None:
        raise RuntimeError(choice.why)
    context = choice.detection.apply(Context(received_at=_RECEIVED))
    begun, count = time.perf_counter(), 0
    for records, under in batches(choice.format, stream, context):
        count += len(choice.format.parse([record.payload for record in records], under))
    return {"events": count, "seconds": time.perf_counter() - begun, **resident()}


class Endless(io.RawIOBase):
    """The same lines over and over, up to a size; nothing of it is kept."""

    def __init__(self, piece: bytes, size: int) -> None:
        super().__init__()
        self._piece = piece
        self._left = size
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        wanted = min(self._left, 1 << 20 if size < 0 else size)
        data = self._piece[self._at : self._at + wanted]
        self._at = (self._at + len(data)) % len(self._piece)
        self._left -= len(data)
        return data


_SYSLOG = (
    "sshd[{n}]: Accepted publickey for user{u} from 192.0.2.{a} port {p} ssh2: RSA SHA256:abcdefghijklmnopqrstuvwxyz",
    "sshd[{n}]: Failed password for invalid user guest{u} from 198.51.100.{a} port {p} ssh2",
    "sshd[{n}]: pam_unix(sshd:session): session opened for user user{u} by (uid=0)",
    "sudo:  user{u} : TTY=pts/{a} ; PWD=/home/user{u} ; USER=root ; COMMAND=/usr/bin/systemctl restart app{a}",
    "CRON[{n}]: (root) CMD (run-parts /etc/cron.hourly)",
    "systemd[1]: Started Session {n} of user user{u}.",
    "kernel: [{n}.123456] device eth{a} entered promiscuous mode",
)
_WEB = (
    '192.0.2.{a} - user{u} [{t} +0000] "GET /shop/{n}?ref={u}&page={a} HTTP/1.1" 200 {p} "https://example.org/" "{w}"',
    '198.51.100.{a} - - [{t} +0000] "POST /login HTTP/1.1" 401 {p} "-" "curl/8.5.0"',
    '192.0.2.{a} - - [{t} +0000] "GET /static/app.{n}.js HTTP/2.0" 304 0 "https://example.org/shop" "Mozilla/5.0"',
)


def _log(kind: str, count: int) -> bytes:
    """Lines of a log; the same every time."""
    chance = random.Random(SEED)  # noqa: S311 - seeded chance, not secrets
    shapes = _SYSLOG if kind == "syslog" else _WEB
    out = []
    for number in range(count):
        second = number // 10
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        fields = {
            "w": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "n": chance.randrange(1000, 60_000), "u": chance.randrange(200), "a": chance.randrange(1, 255),
            "p": chance.randrange(1024, 65_000), "t": f"11/Apr/2026:{clock}",
        }  # fmt: skip
        line = chance.choice(shapes).format(**fields)
        out.append(f"Apr 11 {clock} web-1 {line}" if kind == "syslog" else line)
    return "\n".join(out).encode() + b"\n"


def _worker() -> None:
    """Read lines on one processor when told to."""
    count, processor, place = map(int, sys.argv[1:])
    os.sched_setaffinity(0, {processor})
    data = _log("web", count * (place + 1))
    data = b"\n".join(data.split(b"\n")[count * place : count * (place + 1)]) + b"\n"
    read(data[:100_000])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    read(data)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    _worker()
