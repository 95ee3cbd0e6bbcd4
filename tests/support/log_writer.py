"""Run as a program: writes numbered lines at a steady pace, as a daemon does; reopens its log at SIGHUP.

Arguments: path, number of lines, lines per second. Lines have odd bytes; each names its number.
"""

from __future__ import annotations

import os
import signal
import sys
import time


def line(number: int) -> bytes:
    text = f"2026-11-22T16:00:{number % 60:02}Z host app[7]: number {number} caf\u00e9 ".encode() + b"\xff\x00\t\xc3"
    return text + b"z" * (number % 97) + (b"y" * 9000 if number % 500 == 3 else b"")


def main(path: str, total: int, rate: int) -> None:
    reopen = False

    def hup(*_: object) -> None:
        nonlocal reopen
        reopen = True

    signal.signal(signal.SIGHUP, hup)

    def opened() -> int:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    out = opened()
    begun = time.monotonic()
    for number in range(total):
        if reopen:
            reopen = False
            os.close(out)
            out = opened()
        data = line(number) + b"\n"
        if number % 10 == 0:  # a line may become visible in two parts
            os.write(out, data[:20])
            data = data[20:]
        os.write(out, data)
        if number % 20 == 0:
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
