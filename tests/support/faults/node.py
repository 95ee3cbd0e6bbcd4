"""Run as a program, ``NAMESPACE CLOCK WORDS…``: Vestige in a network namespace, by a clock; ``-`` for none."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from support.faults import clock, network

NONE = "-"


def main() -> None:
    namespace, file, *words = sys.argv[1:]
    if namespace != NONE:
        network.join(Path(namespace))
    if file != NONE:
        clock.install(Path(file))
    sys.argv = ["vestige", *words]
    runpy.run_module("vestige", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
