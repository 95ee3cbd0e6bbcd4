"""Bundles: evidence that convinces a stranger, without our server and without our word (ledger.md section 7).

A bundle is a BagIt 1.0 directory, or a zip of one. It holds records with what opens their commitments, the proof that
each is in a signed log, the entries that say how they were taken in and what became of them since, and a verifier.

Making one
==========

1. **Surveyed** (:mod:`~vestige.bundles.survey`). Everything that is to go in is read and checked first: payloads
   against commitments, leaves against the signed tree. What does not fit is refused before a byte leaves.
2. **Scoped** (:mod:`~vestige.bundles.scope`). Which of our own entries belong to the records: acquisitions, how they
   are read, corrections, redactions, erasures, holds, the keys, who took exact bytes away.
3. **Packed** (:mod:`~vestige.bundles.packer`). File by file into a zip stream; what must stand at the end (manifest,
   directory of the zip) waits on disk, so memory does not grow with the number of records.
4. **Sealed**. The log's key signs a statement over the digest of the tag manifest, and so over every file.

Everything but the statement is a function of the records, the checkpoint and the version: made again as of the same
size of the log, a bundle has the same bytes but for that one file.

Verifying one
=============

:func:`verify` makes the fourteen checks of ledger.md section 7 (:mod:`~vestige.bundles.verifying`) without database
or network. What nearly every zip and proof looks like is read quickly (:mod:`~vestige.bundles.plain`,
:mod:`~vestige.bundles.proofs`), and everything else strictly, which alone says what is wrong. ``verify.py``, which lies
in every bundle, makes the same checks and shares no line with it (:mod:`~vestige.bundles.offline`).
"""

from vestige.bundles.bounds import Bounds
from vestige.bundles.packer import Packer
from vestige.bundles.report import Fault, Report
from vestige.bundles.survey import Annotation, Selection
from vestige.bundles.trust import Trust, keys_of_text, last_good_of_text, read_policy, seconds_of_text
from vestige.bundles.verifying import verify

__all__ = [
    "Annotation",
    "Bounds",
    "Fault",
    "Packer",
    "Report",
    "Selection",
    "Trust",
    "keys_of_text",
    "last_good_of_text",
    "read_policy",
    "seconds_of_text",
    "verify",
]
