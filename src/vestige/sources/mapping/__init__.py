"""Own formats without code: a TOML file says how records are cut, taken apart, dated, and what their fields mean.

:func:`load_mapping` reads one file, and nothing but that file, and gives a
:class:`~vestige.sources.contract.Format` like any built-in one; :func:`try_mapping` shows what it makes of a sample.
What a mapping may say stands in ``docs/howto/own-format.md``. A mapping is data: its regular expressions are bounded
(:mod:`vestige.sources.mapping.patterns`), and its digest is part of the parser's version, so an event says which
mapping read it.
"""

from vestige.sources.mapping.form import MappedFormat
from vestige.sources.mapping.load import LONGEST, compile_mapping, load_mapping
from vestige.sources.mapping.trial import Trial, try_mapping

MAPPING = "mapping:"
"""Before a mapping's SHA-256, where a format is named."""

__all__ = ["LONGEST", "MAPPING", "MappedFormat", "Trial", "compile_mapping", "load_mapping", "try_mapping"]
