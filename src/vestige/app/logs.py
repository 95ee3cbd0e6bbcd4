"""What a server says on standard error: a line of text, or one JSON object a line.

Nothing of a request but what is ours is in a line: its id, the template of its route and never the path, the tenant,
how it was answered. Nor is what an exception says, unless it is one of ours, which are made to be read: another's may
quote whatever it was given. So no token, query or body gets here, at any level.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from vestige.model.errors import VestigeError
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    from types import TracebackType

OURS: Final = "vestige"
LOGGERS: Final = (OURS, "uvicorn", "uvicorn.error")
FIELDS: Final = ("request", "tenant", "route", "method", "status", "ms", "code", "trace_id")
"""What a line has beside its message where that is known."""
FRAMES: Final = 12


class JsonLines(logging.Formatter):
    """One JSON object a record: ``time``, ``level``, ``logger``, ``message``, the fields, ``error`` and ``frames``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        body: dict[str, object] = {
            "time": to_text(now()), "level": record.levelname.lower(), "logger": record.name,
            "message": _text(record.getMessage()),
        }  # fmt: skip
        body |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            body |= {"error": _text(told(record.exc_info[1])), "frames": frames(record.exc_info[2])}
        return orjson.dumps(body, default=str).decode()


class TextLines(logging.Formatter):
    """The same for a person."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and one for each frame."""
        fields = "".join(f" {name}={getattr(record, name)}" for name in FIELDS if getattr(record, name, "") != "")
        line = f"{record.levelname.lower()}: {record.name}: {one_line(record.getMessage())}{fields}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f": {one_line(told(record.exc_info[1]))}" + "".join(
                f"\n  {one}" for one in frames(record.exc_info[2])
            )
        return line


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what standard error is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self.stream = sys.stderr
        super().emit(record)


def set_up(level: str, form: str) -> None:
    """Let our own records and the HTTP server's go to standard error, from a level on. May be called again."""
    handler = _Stderr()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.propagate = name == "uvicorn.error"
        logger.setLevel(level.upper())
    # Its lines have the path and the query of each request.
    logging.getLogger("uvicorn.access").disabled = True


def told(error: BaseException) -> str:
    """What may be said of an error."""
    return f"{type(error).__name__}: {error}" if isinstance(error, VestigeError) else type(error).__name__


def one_line(text: str) -> str:
    """A text that is one line and steers no terminal: it may quote a file's name, or what another server said."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _text(text: str) -> str:
    """A text that JSON can hold: names of files that are no UTF-8 come with half characters."""
    return text.encode("utf-8", "backslashreplace").decode()


def frames(trace: TracebackType | None) -> list[str]:
    """Where an error came from: the innermost frames, without any value."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-FRAMES:]
