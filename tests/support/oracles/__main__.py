"""Print the scoreboard, and write it to ``docs/oracle.md``: ``python -m support.oracles [--print]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from support.oracles.page import page

ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """Run every oracle."""
    corpus = Path(os.environ.get("VESTIGE_TEST_CORPUS", str(ROOT.parent / "shared" / "data"))).resolve()
    if not (corpus / "MANIFEST.json").is_file():
        print("no real logs found; VESTIGE_TEST_CORPUS names the folder they lie in", file=sys.stderr)
        return 2
    text = page(corpus)
    sys.stdout.write(text)
    if "--print" not in sys.argv[1:]:
        (ROOT / "docs" / "oracle.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
