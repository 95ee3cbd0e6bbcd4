r"""Histories of interactive shells that keep times: what was typed, when.

::

    #1767261600                    bash with HISTTIMEFORMAT: a comment with the time, and the command below it
    cat /etc/passwd
    : 1767261600:5;make test       zsh with EXTENDED_HISTORY: time, seconds it ran, command
    - cmd: git push                fish
      when: 1767261600

A command may take several lines. Whose history it is, and on which machine, the file does not say. A history without
times is not read: nothing in it tells it from any text. Attributes: ``time``, ``elapsed`` (zsh), ``command``,
``paths`` (fish).

References: bash(1), HISTTIMEFORMAT; zshoptions(1), EXTENDED_HISTORY; fish's history file format.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import make_event

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_BEGINS = re.compile(rb"#\d{9,11}\r?$|: \d{9,11}:\d{1,10};|- cmd: ")
_BASH = re.compile(r"#(\d{9,11})\r?\n(.*)", re.DOTALL)
_ZSH = re.compile(r": (\d{9,11}):(\d{1,10});(.*)", re.DOTALL)
_FISH = re.compile(r"- cmd: ([^\n]*)\n  when: (\d{9,11})(?:\r?\n  paths:((?:\r?\n    - [^\n]*)*))?\s*")


def _read(text: str, clock: Clock) -> Reading:
    elapsed, paths = "", ""
    if (found := _BASH.fullmatch(text)) is not None:
        time, command = found[1], found[2]
    elif (found := _ZSH.fullmatch(text)) is not None:
        time, elapsed, command = found.groups()
    elif (found := _FISH.fullmatch(text)) is not None:
        command, time, paths = found[1], found[2], found[3] or ""
    else:
        return Unparsed("no command of a shell's history: its time is missing")
    command = command.strip("\r\n")
    if not command.strip():
        return Unparsed("a time of a shell's history, and no command below it")
    fields: dict[str, object] = {"time": time, "elapsed": elapsed, "command": command}
    fields["paths"] = [path.strip()[2:] for path in paths.split("\n") if path.strip()]
    at, time_text, quality, tag = clock.read_text(time)
    return make_event((
        "process.started", at, time_text, quality, None, "command", "", 0,
        "", "", "", "", "", "", command, "", "command",
        "", "", 0, 0, "", "", "", "", "", "", "",
        command, (tag,) if tag else (),
        orjson.dumps({name: value for name, value in fields.items() if value}).decode(), (),
    ))  # fmt: skip


FORMAT = BlockRecords(
    name="shell_history",
    version="1",
    source_name=None,
    mine=lambda text: _BEGINS.match(text.partition("\n")[0].encode()) is not None,
    seen="a command of a shell's history",
    read=_read,
    confidence=0.9,
    begins=lambda line, _: _BEGINS.match(line),
)
