"""What anyone can check without us: canonical JSON, the RFC 6962 tree, and the C2SP formats around it.

Pure: no input or output, no clock, no state, and no third-party module but ``cryptography``. Every refusal is a
:class:`vestige.model.errors.ProofError` that says what was expected and what came.

* :mod:`~vestige.proof.canonical`: ``canonical``, ``parse_canonical``
* :mod:`~vestige.proof.merkle`: ``leaf_hash``, ``Frontier``, ``inclusion_path``, ``verify_inclusion``, and so on
* :mod:`~vestige.proof.tiles`: ``Tile``, ``TileNodes``, ``TileState``, ``extend``, entry bundles
* :mod:`~vestige.proof.note`: ``VerifierKey``, ``sign_note``, ``verify_note``
* :mod:`~vestige.proof.checkpoint`: ``Checkpoint``, ``sign_checkpoint``, ``open_checkpoint``
* :mod:`~vestige.proof.cosignature`: ``WitnessKey``, ``cosign``; :mod:`~vestige.proof.mldsa`: ``SecondKey``
* :mod:`~vestige.proof.tlog_proof`: ``TlogProof``, ``verify_tlog_proof``
"""

from __future__ import annotations

from vestige.proof.canonical import canonical, parse_canonical
from vestige.proof.checkpoint import (
    Checkpoint,
    OpenedCheckpoint,
    format_body,
    open_checkpoint,
    parse_body,
    parse_checkpoint,
    sign_checkpoint,
)
from vestige.proof.merkle import (
    EMPTY_FRONTIER,
    EMPTY_ROOT,
    HASH_SIZE,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    leaf_hashes,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from vestige.proof.note import (
    Note,
    NoteSigner,
    Signature,
    VerifierKey,
    format_note,
    parse_note,
    sign_note,
    verify_note,
)
from vestige.proof.tiles import (
    EMPTY_STATE,
    ENTRIES,
    TILE_WIDTH,
    CompletedTile,
    Tile,
    TileNodes,
    TileState,
    decode_entries,
    encode_entries,
    extend,
    parse_tile_path,
    tile_path,
    tile_width,
)
from vestige.proof.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof, verify_tlog_proof

__all__ = [
    "EMPTY_FRONTIER",
    "EMPTY_ROOT",
    "EMPTY_STATE",
    "ENTRIES",
    "HASH_SIZE",
    "TILE_WIDTH",
    "Checkpoint",
    "CompletedTile",
    "Frontier",
    "Note",
    "NoteSigner",
    "OpenedCheckpoint",
    "Signature",
    "Tile",
    "TileNodes",
    "TileState",
    "TlogProof",
    "VerifierKey",
    "canonical",
    "consistency_path",
    "decode_entries",
    "encode_entries",
    "extend",
    "format_body",
    "format_note",
    "format_tlog_proof",
    "inclusion_path",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "open_checkpoint",
    "parse_body",
    "parse_canonical",
    "parse_checkpoint",
    "parse_note",
    "parse_tile_path",
    "parse_tlog_proof",
    "sign_checkpoint",
    "sign_note",
    "tile_path",
    "tile_width",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
    "verify_note",
    "verify_tlog_proof",
]
