"""The spine: bytes become records, records become entries, entries become rows of the index.

Life of an import, in order:

1. :mod:`vestige.ingest.acquire` reads a member once: digests, format, how much of it is already in the ledger.
2. An ``acquisition`` entry says what was taken in; a ``normalisation`` entry (how it is read) goes with the first
   batch.
3. :mod:`vestige.ingest.importer` splits the member and appends its records, batch by batch, before anything is parsed;
   the member's progress advances in the same transaction, so a crash loses and doubles nothing.
4. :mod:`vestige.ingest.projector` reads entries into events (:mod:`vestige.ingest.reading`) and writes them to the
   index in blocks whose bounds are recorded before they are written, so a block is never counted twice.

The index may lag; it never leads. Everything in it can be computed again from the ledger.
"""
