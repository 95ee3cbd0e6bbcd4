/** Checkpoints of a log: who signed them, whether each begins the next, and what time stamps are over. */

import { Bad, equal, find, fromBase64, fromHex, quoteOf, shownText, toHex, utf8, type Bytes } from "~/base/proof/bytes";
import { canonicalText, parseCanonical } from "~/base/proof/canonical";
import { commitment, HEX64, leafAt } from "~/base/proof/leaf";
import { checkConsistency, checkInclusion, leafHash } from "~/base/proof/merkle";
import { headOf, Note, type VerifierKey } from "~/base/proof/note";
import { sha256 } from "~/base/proof/sha256";
import { stamped } from "~/base/proof/stamp";
import { parseProof } from "~/base/proof/tlog_proof";
import { MOST_EXTRA, MOST_NOTE } from "./bag";
import type { Log } from "./log";

const MOST_STAMP = 24 << 10;
const MOST_PATH = 63;
const GAP = utf8("\n\n");

/** The key that must sign at a size. */
export const keyAt = (log: Log, size: number): VerifierKey | undefined => log.keys.findLast(([, start]) => start <= size)?.[0];

/** A checkpoint is signed by the key in force, and wrongly by none. */
export async function signed(log: Log, name: string, note: Note, size: number): Promise<void> {
  const key = keyAt(log, size);
  if (!key) {
    log.report.add("keys", "no key entry says who may sign", { file: name });
    return;
  }
  const most = Math.min(log.lastGood.get(key.text) ?? size, log.trust.lastGood.get(key.text) ?? size);
  if (size > most) log.report.add("keys", "the key was compromised at that size", { file: name, expected: most, got: size });
  try {
    if (!(await note.signers(log.keys.map(([one]) => one))).includes(key)) throw new Bad("not signed by the key in force", key.text);
    const second = log.seconds.findLast(([, start]) => start <= size)?.[0];
    const mine = log.trust.seconds.filter((one) => one.name === log.said.origin);
    if (mine.length && size === log.said.size && !mine.some((one) => one.text === second?.text)) throw new Bad("the second key you trust is not in force", mine[0]!.text, second?.text ?? "none");
    if (second) {
      second.checkPresent(note);
      log.report.unchecked.add("Signatures by ML-DSA-44, which stand beside those by Ed25519: that they are there was checked, and not whether they are good. No browser can; `vestige bundle verify` does.");
    }
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    log.report.add("keys", error, { file: name });
  }
}

/** Earlier checkpoints, each the beginning of the next. */
export async function earlier(log: Log): Promise<void> {
  const prefix = `${log.at}/checkpoints/`;
  const sizes: number[] = [];
  for (const name of log.bag.unused(prefix)) {
    if (/^(0|[1-9][0-9]{0,15})$/.test(name.slice(prefix.length))) sizes.push(Number(name.slice(prefix.length)));
    else log.report.add("consistency", "an earlier checkpoint that is not named by its size", { file: name });
  }
  let last: { size: number; root: Bytes } | undefined;
  for (const size of sizes.toSorted((a, b) => a - b)) {
    const name = `${prefix}${size}`;
    const taken = await log.bag.take(name, MOST_NOTE);
    if (!taken) continue;
    let note: Note;
    let root: Bytes;
    try {
      note = new Note(taken.data);
      const head = headOf(note);
      root = head.root;
      if (head.origin !== log.said.origin || head.size !== size) throw new Bad("a checkpoint of another log or size", `${log.said.origin}, ${size}`, `${head.origin}, ${head.size}`);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      log.report.add("notes", error, { file: name });
      continue;
    }
    await signed(log, name, note, size);
    log.texts.set(size, note.text);
    if (last) await extended(log, last.size, last.root, size, root, taken.data);
    last = { size, root };
  }
  if (last) await extended(log, last.size, last.root, log.said.size, log.root, log.data);
}

/** The proof of it, as a witness is sent one: c2sp.org/tlog-witness. */
async function extended(log: Log, size1: number, root1: Bytes, size2: number, root2: Bytes, note: Bytes): Promise<void> {
  const name = `${log.at}/consistency/${size1}-${size2}`;
  const taken = await log.bag.take(name, 2 * MOST_NOTE);
  if (!taken) {
    if (!log.bag.has(name)) log.report.add("consistency", "no proof that one checkpoint extends the other", { file: name });
    return;
  }
  const gap = find(taken.data, GAP);
  const lines = shownText(taken.data.subarray(0, Math.max(gap, 0))).split("\n");
  try {
    if (gap < 0 || lines[0] !== `old ${size1}` || lines.length > 1 + 2 * MOST_PATH || !equal(taken.data.subarray(gap + 2), note)) {
      throw new Bad("not the proof between these checkpoints", `old ${size1}`, quoteOf(lines[0]!));
    }
    checkConsistency(size1, size2, root1, root2, lines.slice(1).map(fromBase64));
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    log.report.add("consistency", error, { file: name });
  }
}

/** Time stamps: each is over a checkpoint of this log. Who signed them is not looked at. */
export async function times(log: Log): Promise<void> {
  const prefix = `${log.at}/anchors/`;
  const names = log.bag.unused(prefix);
  const over = new Map<string, Bytes>();
  for (const name of names) {
    const [, size, kind] = /^(0|[1-9][0-9]{0,15})\.(checkpoint|super)$/.exec(name.slice(prefix.length)) ?? [];
    const taken = size === undefined ? undefined : await log.bag.take(name, MOST_NOTE + 2 * MOST_EXTRA);
    if (!taken) continue;
    const known = log.texts.get(Number(size));
    try {
      if (kind === "super") {
        over.set(`${size}-super`, sha256(superNote(taken.data, known)));
        continue;
      }
      const note = new Note(taken.data);
      if (note.text !== known) {
        log.report.add("time", "what was stamped is no checkpoint of this bundle", { file: name, got: quoteOf(note.text) });
        continue;
      }
      await signed(log, name, note, Number(size));
      over.set(size!, taken.digest);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      log.report.add(kind === "super" ? "time" : "notes", error, { file: name });
    }
  }
  for (const name of names) {
    const [, what] = /^((?:0|[1-9][0-9]{0,15})(?:-super)?)-(?:0|[1-9][0-9]{0,3})\.tsr$/.exec(name.slice(prefix.length)) ?? [];
    const taken = what === undefined ? undefined : await log.bag.take(name, MOST_STAMP);
    if (!taken) continue;
    try {
      const { digest, at } = stamped(taken.data);
      const wanted = over.get(what!);
      if (!wanted || !equal(digest, wanted)) throw new Bad("the time stamp is over something else", wanted ? toHex(wanted) : "", toHex(digest));
      log.stamps.push(`what is below seq ${what!.replace("-super", "")} at ${quoteOf(at).slice(1, -1)}`);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      log.report.add("time", error, { file: name });
    }
  }
}

/**
 * The checkpoint of the log above all tenants' that a proof leads to, if that log holds a checkpoint of this text.
 * Who signed it is not looked at: a time stamp over it says what it says without that.
 */
function superNote(data: Bytes, text: string | undefined): Bytes {
  const proof = parseProof(data);
  if (!proof.extra || text === undefined) throw new Bad("not a proof of a checkpoint of this bundle", "header, extra, index");
  const extra = parseCanonical(proof.extra) as { leaf?: unknown; salt?: unknown };
  const { leaf: leafText, salt } = extra;
  if (Object.keys(extra).length !== 2 || typeof leafText !== "string" || typeof salt !== "string" || !HEX64.test(salt)) throw new Bad("the extra line is not of a leaf", "leaf, salt", quoteOf(shownText(proof.extra)));
  const head = headOf(new Note(proof.checkpoint));
  const leaf = leafAt(utf8(leafText), head.origin, proof.index);
  const made = commitment(fromHex(salt), sha256(utf8(canonicalText({ checkpoint: text }))));
  if (made !== leaf.c || leaf.kind !== "anchor") throw new Bad("the super-log holds another checkpoint", leaf.c, made);
  checkInclusion(leafHash(utf8(leafText)), proof.index, head.size, proof.path, head.root);
  return proof.checkpoint;
}
