"""Backups: everything that cannot be computed again, as files of a folder, and back.

A backup is made while others write (:mod:`~vestige.backup.making`):

1. The database is copied in one snapshot.
2. Then the blobs that its entries name. In this order, since a blob is durable before the transaction that names it:
   all that the snapshot names is there, but for what is erased meanwhile. Where something was, it begins again, so that
   no backup holds what was gone before it was done.
3. What lies beside: repositories, their refs before their objects, since Git writes objects first.
4. The list of all files with their SHA-256, then the manifest, which has the SHA-256 of that list
   (:mod:`~vestige.backup.manifest`). It is put in place in one step and last: without it a folder is no backup.

Neither the index is in it, which is computed from the ledger, nor the signer's directory: with that in the same backup
a rollback of everything would be seen by nobody, and what was erased since would be forgotten.

Putting back (:mod:`~vestige.backup.restoring`) goes into an empty place only. Every byte is held against the list as it
is copied; the database comes last, so that what was broken off is no installation.
"""

from vestige.backup.making import Parts, make
from vestige.backup.manifest import Backup, Manifest
from vestige.backup.restoring import BESIDE, Place, clear, put_back

__all__ = ["BESIDE", "Backup", "Manifest", "Parts", "Place", "clear", "make", "put_back"]
