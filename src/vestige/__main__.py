"""``python -m vestige`` is the ``vestige`` command."""

import sys

from vestige.cli import main

sys.exit(main())
