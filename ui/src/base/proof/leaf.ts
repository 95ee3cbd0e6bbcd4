/** A leaf of the ledger, and what it commits to (docs/ledger.md). */

import { Bad, fromHex, fromUtf8, quoteOf, toHex, utf8, type Bytes } from "./bytes";
import { parseCanonical } from "./canonical";
import { sha256 } from "./sha256";

export const MOST_LEAF = 4096;
const MOST_REFS = 16;
const KINDS = new Set([
  "evidence", "acquisition", "normalisation", "seal", "amendment", "redaction", "erasure", "erasure_done", "purge",
  "hold", "hold_scope", "release", "key", "anchor", "restore", "audit",
]);
const NEEDED = ["at", "c", "id", "kind", "len", "log", "mt", "refs", "seq", "v"];
const TEXTS = new Set(["acq", "at", "c", "id", "kind", "log", "mt", "sep", "src"]);
const NUMBERS = new Set(["len", "n", "off", "seq", "sseq", "v"]);
export const HEX64 = /^[0-9a-f]{64}$/;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const AT = /^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$/;
const LABEL = utf8("vestige/payload/v1\n");

/** The fields of a leaf. */
export interface Leaf {
  readonly seq: number;
  readonly log: string;
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  /** The commitment to the payload, in hexadecimal. */
  readonly c: string;
  readonly len: number;
  readonly mt: string;
  readonly refs: readonly string[];
  readonly src?: string;
  readonly acq?: string;
  readonly off?: number;
  readonly n?: number;
  readonly sseq?: number;
  readonly sep?: string;
}

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws Bad the bytes are no leaf: not canonical, or with a field too many, too few or of the wrong kind. */
export function parseLeaf(data: Uint8Array): Leaf {
  const fields = parseCanonical(data);
  const names = Object.keys(fields);
  if (data.length > MOST_LEAF || NEEDED.some((name) => !Object.hasOwn(fields, name)) || names.some((name) => !TEXTS.has(name) && !NUMBERS.has(name) && name !== "refs")) {
    throw new Bad("other fields than a leaf has", NEEDED.join(", "), names.join(", "));
  }
  for (const name of names) {
    const value = fields[name];
    if (name !== "refs" && !(TEXTS.has(name) ? typeof value === "string" && value : isNatural(value))) {
      throw new Bad(`the leaf's ${name} is wrong`, TEXTS.has(name) ? "a text" : "a whole number", quoteOf(String(value), 60));
    }
  }
  const refs = fields["refs"];
  if (!Array.isArray(refs) || refs.length > MOST_REFS || refs.some((one) => typeof one !== "string")) {
    throw new Bad("the leaf's refs are wrong", `at most ${MOST_REFS} texts`, quoteOf(JSON.stringify(refs), 60));
  }
  const leaf = fields as unknown as Leaf & { v: number };
  if (leaf.v !== 1 || !KINDS.has(leaf.kind) || (leaf.sep !== undefined && leaf.sseq === undefined)) {
    throw new Bad("the leaf's version or kind is wrong", "version 1, a kind of entry", `${leaf.v} ${leaf.kind}`);
  }
  if (!HEX64.test(leaf.c) || !AT.test(leaf.at) || !ULID.test(leaf.id)) throw new Bad("the leaf's commitment, time or id is wrong");
  return leaf;
}

/** A leaf that must lie at a place of a log. @throws Bad it is none, or of another place. */
export function leafAt(data: Uint8Array, origin: string, seq: number): Leaf {
  const leaf = parseLeaf(data);
  if (leaf.log !== origin || leaf.seq !== seq) throw new Bad("the leaf is of another place", `${origin}, seq ${seq}`, `${leaf.log}, seq ${leaf.seq}`);
  return leaf;
}

/** What a leaf commits to, of a payload's SHA-256 and the salt. */
export function commitment(salt: Uint8Array, payloadDigest: Uint8Array): string {
  return toHex(sha256(LABEL, salt, payloadDigest));
}

/** @throws Bad the payload of this digest and length is not the one the leaf commits to. */
export function checkOpening(leaf: Leaf, salt: string, payloadDigest: Bytes, length: number): void {
  if (!HEX64.test(salt)) throw new Bad("a payload without its salt", "64 hexadecimal digits", quoteOf(salt));
  const made = commitment(fromHex(salt), payloadDigest);
  if (made !== leaf.c || length !== leaf.len) {
    throw new Bad("the payload is not the one its leaf commits to", `${leaf.c}, ${leaf.len} bytes`, `${made}, ${length} bytes`);
  }
}

/** The leaf's text, for people to read. */
export const leafText = (data: Uint8Array): string => fromUtf8(data);
