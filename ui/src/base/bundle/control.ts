/** The log's own entries, opened and replayed: keys, redactions, erasures, holds, the passage from one epoch to the next. */

import { Bad, fromHex, quoteOf, toHex, utf8 } from "~/base/proof/bytes";
import { canonicalText, parseCanonical, type Fields } from "~/base/proof/canonical";
import type { Leaf } from "~/base/proof/leaf";
import { SecondKey, VerifierKey } from "~/base/proof/note";
import type { Log, Range } from "./log";

const REPLAYED = new Set(["key", "erasure", "purge", "hold", "hold_scope", "release"]);

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value) ?? "");
const hasJust = (body: Fields, ...names: string[]): boolean => Object.keys(body).length === names.length && names.every((name) => Object.hasOwn(body, name));

export async function control(log: Log, seq: number, before: Log | undefined): Promise<void> {
  const found = await log.entry(seq);
  if (!found) return;
  const { leaf, extra } = found;
  if (leaf.kind === "evidence") {
    log.report.add("complete", "a record among the log's own entries", { file: `${log.at}/control.txt`, seq });
    return;
  }
  const file = log.inRecords.has(seq) ? `${log.at}/raw/${seq}.bin` : `${log.at}/control/${seq}.json`;
  if (!log.bag.has(file)) {
    log.absent.push({ seq, leaf, extra });
    return;
  }
  const taken = await log.bag.take(file);
  if (!taken || !log.opens(seq, file, leaf, extra, taken)) return;
  try {
    if (REPLAYED.has(leaf.kind) || (leaf.kind === "restore" && seq === 0)) await replay(log, seq, leaf, parseCanonical(taken.data), before, file);
    else if (leaf.kind === "redaction") log.redacted.set(leaf.id, leaf.refs);
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    log.report.add(leaf.kind === "key" ? "history" : "holds", error, { file, seq });
  }
}

async function replay(log: Log, seq: number, leaf: Leaf, body: Fields, before: Log | undefined, file: string): Promise<void> {
  switch (leaf.kind) {
    case "key":
      return takeKey(log, seq, body);
    case "restore":
      return goesOn(log, body, before, file);
    case "hold":
      log.holds.set(leaf.id, { scope: [], reach: -1 });
      return;
    case "erasure":
    case "purge":
      return takeErasure(log, seq, ranges(body["ranges"], seq));
  }
  const hold = log.holds.get(text(body["hold"]));
  if (!hold) throw new Bad("no such hold is in force", "the id of a hold", quoteOf(text(body["hold"])));
  if (leaf.kind === "release") {
    log.holds.delete(text(body["hold"]));
    return;
  }
  const to = Number(body["evaluated_to"]);
  if (!isNatural(to) || to > seq || typeof body["evaluated_to"] === "string") throw new Bad("a hold's scope without its reach", "evaluated_to", quoteOf(text(body["evaluated_to"])));
  hold.reach = Math.max(hold.reach, to);
  if (Array.isArray(body["ranges"]) ? body["ranges"].length : body["ranges"]) hold.scope.push(...ranges(body["ranges"], seq));
}

/** Ranges that a payload names. */
function ranges(value: unknown, below: number): Range[] {
  const all: unknown[] = Array.isArray(value) ? value : [null];
  return all.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((one) => Number.isSafeInteger(one))) throw new Bad("no ranges of seqs", "[[from, to], …]", quoteOf(text(pair), 60));
    const [from, to] = pair as [number, number];
    if (!(from >= 0 && from < to && to <= below)) throw new Bad("no ranges of seqs", `below ${below}`, quoteOf(text(pair), 60));
    return [from, to];
  });
}

/** Erasing what a hold protects, or beyond what it was evaluated for, is a fault. */
function takeErasure(log: Log, seq: number, taken: readonly Range[]): void {
  log.erased.push(...taken);
  const file = `${log.at}/proofs/${seq}.tlog-proof`;
  for (const [name, { scope, reach }] of log.holds) {
    for (const [from, to] of taken) {
      if (scope.some(([a, b]) => a < to && from < b)) log.report.add("holds", `seq ${seq} erases ${from} to ${to - 1}, which hold ${name} protects`, { file, seq });
      else if (reach < to) log.report.add("holds", `hold ${name} was not evaluated up to ${to - 1}`, { file, seq });
    }
  }
}

function ownKey(log: Log, value: unknown): VerifierKey {
  const key = new VerifierKey(text(value));
  if (key.name !== log.said.origin) throw new Bad("a key of another log", log.said.origin, key.name);
  return key;
}

/** A key follows the one in force, and both sign for that. */
async function takeKey(log: Log, seq: number, body: Fields): Promise<void> {
  const start = body["from_size"];
  const last = log.keys.at(-1)?.[0];
  if (!last) {
    if (!hasJust(body, "from_size", "vkey") || start !== 0) throw new Bad("not a log's first key entry", "from_size 0 and vkey", quoteOf(text(body)));
    log.keys.push([ownKey(log, body["vkey"]), 0]);
    return;
  }
  if (Object.hasOwn(body, "second")) return takeSecond(log, seq, body, last);
  const old = ownKey(log, body["old"]);
  const made = ownKey(log, body["new"]);
  if (start !== seq + 1 || old.text !== last.text) throw new Bad("a key of another size, or after one not in force", `${seq + 1}, ${last.text}`, text(start));
  const good = body["last_good_size"];
  if (good !== undefined) {
    if (!isNatural(good) || good > seq) throw new Bad("a compromise without its size", "last_good_size", quoteOf(text(good)));
    log.lastGood.set(old.text, good);
  }
  const fields = { from_size: start, log: log.said.origin, new: made.text, old: old.text, ...(good === undefined ? {} : { last_good_size: good }) };
  const message = utf8(`vestige/key/v1\n${canonicalText(fields)}`);
  for (const [name, key] of [["sig_old", old], ["sig_new", made]] as const) {
    const signature = fromHex(text(body[name]));
    if (!(await key.verifies(message, signature))) throw new Bad("a key was not signed for", `a signature by ${key.text}`, toHex(signature));
  }
  log.keys.push([made, start]);
}

/** A post-quantum key signs beside the key in force. Its own signature is one that no browser checks. */
async function takeSecond(log: Log, seq: number, body: Fields, last: VerifierKey): Promise<void> {
  if (!hasJust(body, "from_size", "key", "second", "sig", "sig_second") || body["from_size"] !== seq + 1 || body["key"] !== last.text) {
    throw new Bad("a second key that the key in force did not introduce", last.text, quoteOf(text(body)));
  }
  const second = new SecondKey(text(body["second"]));
  if (second.name !== log.said.origin) throw new Bad("a key of another log", log.said.origin, second.name);
  const message = utf8(`vestige/second/v1\n${canonicalText({ from_size: seq + 1, key: last.text, log: log.said.origin, second: second.text })}`);
  const signature = fromHex(text(body["sig"]));
  fromHex(text(body["sig_second"]));
  if (!(await last.verifies(message, signature))) throw new Bad("a key's introduction is not signed", last.text);
  log.seconds.push([second, seq + 1]);
}

/** An epoch begins by saying how the one before stood. */
function goesOn(log: Log, body: Fields, before: Log | undefined, file: string): void {
  if (!before?.root.length) return;
  const size = body["size"];
  const isShort = !isNatural(size) || size < before.said.size;
  if (body["origin"] !== before.said.origin || isShort || (size === before.said.size && body["root"] !== toHex(before.root))) {
    log.report.add("history", "the epoch does not go on from the one before it", { file, seq: 0, got: quoteOf(text(body)) });
  }
}
