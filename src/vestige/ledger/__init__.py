"""The ledger: the only writer of evidence."""

from vestige.ledger.append import Transaction
from vestige.ledger.blobs import BlobStore, DirectoryBlobs
from vestige.ledger.keys import KeyEncryptionKey
from vestige.ledger.models import (
    Appended,
    Check,
    Committed,
    Draft,
    EvidenceBatch,
    KeyRange,
    Kind,
    LogInfo,
    MemberState,
    PreparedBatch,
    PublishedCheckpoint,
    Status,
    StoredEntry,
    VerifyReport,
)
from vestige.ledger.prepare import prepare
from vestige.ledger.service import Ledger

__all__ = [
    "Appended",
    "BlobStore",
    "Check",
    "Committed",
    "DirectoryBlobs",
    "Draft",
    "EvidenceBatch",
    "KeyEncryptionKey",
    "KeyRange",
    "Kind",
    "Ledger",
    "LogInfo",
    "MemberState",
    "PreparedBatch",
    "PublishedCheckpoint",
    "Status",
    "StoredEntry",
    "Transaction",
    "VerifyReport",
    "prepare",
]
