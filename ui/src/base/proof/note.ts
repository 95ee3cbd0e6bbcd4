/** Signed notes, verifier keys and checkpoints: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature. */

import { Bad, concat, equal, fromBase64, fromUtf8, quoteOf, toBase64, toHex, utf8, type Bytes } from "./bytes";
import { checkPoint, verifies } from "./ed25519";
import { sha256 } from "./sha256";

const MOST_NOTE = 1 << 20;
const MOST_SIGNATURES = 64;
/** Types of keys: what the first byte of a verifier key says. */
export const ED25519 = 1;
export const COSIGNATURE = 4;
export const ML_DSA_44 = 6;

const isControl = (sign: string): boolean => sign < " " || sign === "\x85";
const isName = (name: string): boolean => name !== "" && !/[+\s]/u.test(name) && ![...name].some(isControl);
const noNote = (got: string): Bad => new Bad("not a signed note", "a text, an empty line, signatures", quoteOf(got.slice(-60)));

/** Name, id and public key of a text `name+id+base64`, whatever its type. */
function parts(text: string, kind: number, length: number, what: string): { name: string; id: Bytes; public: Bytes } {
  const wrong = new Bad(what, "name+id+base64", quoteOf(text));
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  if (name === undefined || !isName(name)) throw wrong;
  const data = fromBase64(encoded!);
  const made = sha256(utf8(`${name}\n`), data).subarray(0, 4) as Bytes;
  if (data[0] !== kind || data.length !== length || toHex(made) !== id) throw wrong;
  return { name, id: made.slice(), public: data.slice(1) };
}

/** A verifier key: type 1 signs notes, type 4 cosigns checkpoints. */
export class VerifierKey {
  readonly text: string;
  readonly name: string;
  /** Four bytes that name it on a signature's line. */
  readonly id: Bytes;
  readonly public: Bytes;

  /** @throws Bad the text is no key, or one on which verifiers disagree. */
  constructor(text: string, kind: number = ED25519) {
    const found = parts(text, kind, 33, "not a verifier key");
    checkPoint(found.public);
    this.text = text;
    this.name = found.name;
    this.id = found.id;
    this.public = found.public;
  }

  /** What two people read to each other to know that they have the same key: SHA-256 of its bytes, by fours. */
  get fingerprint(): string {
    return toHex(sha256(this.public)).match(/.{8}/g)!.join(" ");
  }

  verifies(message: Bytes, signature: Bytes): Promise<boolean> {
    return verifies(this.public, message, signature);
  }
}

/** A log's ML-DSA-44 key (type 6), which signs checkpoints beside the Ed25519 key. No browser checks its signatures. */
export class SecondKey {
  readonly text: string;
  readonly name: string;
  readonly id: Bytes;

  constructor(text: string) {
    const found = parts(text, ML_DSA_44, 1313, "not an ML-DSA-44 key");
    this.text = text;
    this.name = found.name;
    this.id = found.id;
  }

  /** @throws Bad the checkpoint does not bear this key's signature once. */
  checkPresent(note: Note): void {
    const found = note.signatures.filter((one) => one.name === this.name && equal(one.id, this.id));
    if (found.length !== 1 || found[0]!.signature.subarray(0, 8).some((byte) => byte !== 0)) {
      throw new Bad("the checkpoint lacks its second signature", `by ML-DSA-44 key ${toHex(this.id)}`, found.length);
    }
  }
}

export interface Signature {
  readonly name: string;
  readonly id: Bytes;
  readonly signature: Bytes;
}

/** A signed note, taken apart. Nothing of it is believed until {@link Note.signers} says by whom. */
export class Note {
  readonly text: string;
  readonly signatures: readonly Signature[];

  /** @throws Bad it is no note, or not in its one spelling. */
  constructor(data: Uint8Array) {
    if (data.length > MOST_NOTE) throw noNote(`${data.length} bytes`);
    const whole = fromUtf8(data);
    const gap = whole.lastIndexOf("\n\n");
    if (gap < 0 || data.some((byte) => byte < 0x20 && byte !== 0x0a) || !whole.endsWith("\n") || gap + 2 >= whole.length) throw noNote(whole);
    this.text = whole.slice(0, gap + 1);
    this.signatures = whole.slice(gap + 2, -1).split("\n").map(signatureOf);
    if (this.signatures.length > MOST_SIGNATURES) throw new Bad("too many signatures", MOST_SIGNATURES, this.signatures.length);
  }

  /**
   * Which of the keys signed.
   *
   * @throws Bad none of them did, one did so wrongly, or one stands there twice.
   * @throws CannotVerify this browser does not know Ed25519.
   */
  async signers(keys: readonly VerifierKey[]): Promise<VerifierKey[]> {
    const found: VerifierKey[] = [];
    const message = utf8(this.text);
    for (const one of this.signatures) {
      for (const key of keys) {
        if (key.name !== one.name || !equal(key.id, one.id)) continue;
        if (found.includes(key) || !(await key.verifies(message, one.signature))) {
          throw new Bad("a signature does not verify, or stands there twice", `by ${key.text}`, toHex(one.signature));
        }
        found.push(key);
      }
    }
    if (!found.length) {
      const names = this.signatures.slice(0, 5).map((one) => `${one.name}+${toHex(one.id)}`);
      throw new Bad("not signed by a key of the log", keys.map((key) => key.text).join(", ") || "no key is known", names.join(", "));
    }
    return found;
  }

  /** Whether a witness cosigned (c2sp.org/tlog-cosignature, type 4). */
  async cosignedBy(key: VerifierKey): Promise<boolean> {
    for (const one of this.signatures) {
      if (one.name !== key.name || !equal(one.id, key.id) || one.signature.length !== 72) continue;
      const at = new DataView(one.signature.buffer, one.signature.byteOffset).getBigUint64(0);
      if (await key.verifies(utf8(`cosignature/v1\ntime ${at}\n${this.text}`), one.signature.slice(8))) return true;
    }
    return false;
  }
}

function signatureOf(line: string): Signature {
  const wrong = new Bad("not a signature line", "\u2014 name base64", quoteOf(line, 60));
  const [, name, encoded] = /^\u2014 ([^ ]*) (.*)$/s.exec(line) ?? [];
  if (name === undefined || !isName(name)) throw wrong;
  const data = fromBase64(encoded!);
  if (data.length <= 4) throw wrong;
  return { name, id: data.slice(0, 4), signature: data.slice(4) };
}

/** A decimal in its one spelling, as far as this page counts exactly. @throws Bad it is none. */
export function parseNumber(text: string): number {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text) || !Number.isSafeInteger(Number(text))) throw new Bad("not a number", "decimal digits, below 2**53", quoteOf(text, 40));
  return Number(text);
}

/** What a checkpoint says: the log, how many entries it has, and the root of their tree. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

const EMPTY = sha256();

/** @throws Bad the note's text is no checkpoint. */
export function headOf(note: Note): Head {
  const lines = note.text.split("\n").slice(0, -1);
  if (lines.length < 3 || lines.some((line) => !line)) throw new Bad("not a checkpoint", "origin, size, root", quoteOf(note.text, 60));
  const size = parseNumber(lines[1]!);
  const root = fromBase64(lines[2]!);
  if (root.length !== 32 || (size === 0 && !equal(root, EMPTY))) throw new Bad("not a root", "32 bytes", toHex(root).slice(0, 64));
  return { origin: lines[0]!, size, root };
}

/** The verifier key of a name and 32 bytes. */
export function vkeyOf(name: string, key: Uint8Array, kind: number = ED25519): string {
  const data = concat(new Uint8Array([kind]), key);
  return `${name}+${toHex(sha256(utf8(`${name}\n`), data).subarray(0, 4))}+${toBase64(data)}`;
}
