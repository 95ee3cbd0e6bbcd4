"""``python -m vestige`` is the ``vestige`` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; its exit code.

    Reading the program takes a moment, in which a person may already have thought better of it.
    """
    try:
        from vestige.cli import main as run  # noqa: PLC0415 - read where an interruption is answered
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
