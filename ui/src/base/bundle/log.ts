/** The checks of one log of a bundle: its checkpoint, each entry's place in the tree, each payload, each record's state. */

import { Bad, equal, find, quoteOf, shownText, toHex, utf8, type Bytes } from "~/base/proof/bytes";
import { parseCanonical } from "~/base/proof/canonical";
import { checkOpening, HEX64, leafAt, type Leaf } from "~/base/proof/leaf";
import { checkInclusion, leafHash } from "~/base/proof/merkle";
import { headOf, Note, type SecondKey, type VerifierKey } from "~/base/proof/note";
import { parseProof } from "~/base/proof/tlog_proof";
import { MOST_EXTRA, MOST_NOTE, type Bag, type Taken } from "./bag";
import { earlier, signed, times } from "./checkpoints";
import { control } from "./control";
import { OTHER_KEY, type RecordState, type Report } from "./report";
import type { Trust } from "./trust";

export type Range = readonly [from: number, to: number];

/** What a bundle says of a log of its. */
export interface Said {
  readonly epoch: number;
  readonly origin: string;
  readonly root: string;
  readonly size: number;
}

/** What stands beside a leaf in a proof: what opens it, or which redaction withholds it. */
export interface Extra {
  readonly leaf: string;
  readonly salt?: string;
  readonly withheld?: string;
}

const within = (seq: number, ranges: readonly Range[]): boolean => ranges.some(([from, to]) => from <= seq && seq < to);

export class Log {
  readonly at: string;
  note: Note | undefined;
  data: Bytes = new Uint8Array();
  root: Bytes = new Uint8Array();
  readonly keys: [VerifierKey, number][] = [];
  readonly lastGood = new Map<string, number>();
  readonly seconds: [SecondKey, number][] = [];
  readonly erased: Range[] = [];
  readonly redacted = new Map<string, readonly string[]>();
  /** Per hold: what it protects, and up to where it was looked for. */
  readonly holds = new Map<string, { scope: Range[]; reach: number }>();
  readonly absent: { seq: number; leaf: Leaf; extra: Extra }[] = [];
  readonly texts = new Map<number, string>();
  readonly stamps: string[] = [];
  inRecords: ReadonlySet<number> = new Set();

  constructor(readonly bag: Bag, readonly report: Report, readonly said: Said, readonly trust: Trust) {
    this.at = `data/${said.epoch}`;
  }

  /** Make them; whether a trusted key stands behind the log. */
  async run(before: Log | undefined): Promise<boolean> {
    if (!(await this.checkpoint())) return false;
    const entries = await this.ranges("control.txt");
    const records = await this.ranges("records.txt");
    this.inRecords = new Set(records);
    for (const seq of entries) await control(this, seq, before);
    for (const { seq, leaf, extra } of this.absent) if (!this.inRecords.has(seq)) this.stateOf(seq, leaf, extra, `${this.at}/control/${seq}.json`);
    await signed(this, `${this.at}/checkpoint`, this.note!, this.said.size);
    if (!(await this.trust.isSatisfied(this.note!))) this.report.add("witnesses", "the quorum has not cosigned", { file: `${this.at}/checkpoint`, got: this.trust.quorum });
    await earlier(this);
    await times(this);
    for (const seq of records) await this.record(seq);
    const mine = new Set(this.keys.map(([key]) => key.text));
    const trusted = this.trust.keysFor(this.said.origin);
    if (trusted.length && !trusted.some((key) => mine.has(key.text))) {
      this.report.add("keys", OTHER_KEY, { file: `${this.at}/checkpoint`, expected: trusted.map((key) => key.text).join(", "), got: [...mine].join(", ") });
    }
    return trusted.length > 0;
  }

  /** The signed tree that every proof leads to. */
  private async checkpoint(): Promise<boolean> {
    const name = `${this.at}/checkpoint`;
    const taken = await this.bag.take(name, MOST_NOTE);
    if (!taken) {
      if (!this.bag.has(name)) this.report.add("notes", "a log without its checkpoint", { file: name });
      return false;
    }
    try {
      this.data = taken.data;
      this.note = new Note(taken.data);
      const head = headOf(this.note);
      this.root = head.root;
      this.texts.set(head.size, this.note.text);
      if (head.origin === this.said.origin && head.size === this.said.size && toHex(head.root) === this.said.root) return true;
      this.report.add("keys", "not the checkpoint the bundle speaks of", { file: name, expected: `${this.said.origin}, size ${this.said.size}`, got: `${head.origin}, size ${head.size}` });
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.report.add("notes", error, { file: name });
    }
    return false;
  }

  /** The seqs that a file of ranges names. */
  private async ranges(file: string): Promise<number[]> {
    const name = `${this.at}/${file}`;
    const found: number[] = [];
    if (!(await this.bag.digest(name))) {
      if (!this.bag.has(name)) this.report.add("complete", "a log without its ranges", { file: name });
      return found;
    }
    let after = -1;
    for await (const { text, isWhole } of this.bag.lines(name)) {
      const match = isWhole ? /^(0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15})$/.exec(text) : null;
      const [first, last] = match ? [Number(match[1]), Number(match[2])] : [0, -1];
      if (!match || !(after < first && first <= last && last < this.said.size) || found.length + last - first + 1 > this.bag.names.size) {
        this.report.add("complete", "a line that is no range of the tree", { file: name, got: quoteOf(text, 60) });
        break;
      }
      for (let seq = first; seq <= last; seq++) found.push(seq);
      after = last;
    }
    return found;
  }

  /** The fields of a leaf that is proved to be in the tree, and what stands beside it. */
  async entry(seq: number): Promise<{ leaf: Leaf; extra: Extra } | undefined> {
    const name = `${this.at}/proofs/${seq}.tlog-proof`;
    const taken = await this.bag.take(name, MOST_NOTE + 2 * MOST_EXTRA);
    if (!taken) {
      if (!this.bag.has(name)) this.report.add("complete", "an entry of the stated range has no proof", { file: name, seq });
      return undefined;
    }
    let check: "inclusion" | "leaves" = "inclusion";
    try {
      const proof = parseProof(taken.data);
      if (!proof.extra) throw new Bad("not a tlog-proof of a bundle", "header, extra, index", quoteOf(shownText(taken.data.subarray(0, 60))));
      if (!equal(proof.checkpoint, this.data)) throw new Bad("the proof leads to another checkpoint", `that of ${this.at}`, quoteOf(shownText(proof.checkpoint.subarray(0, 60))));
      const extra = extraOf(parseCanonical(proof.extra));
      check = "leaves";
      if (!extra) throw new Bad("the extra line is not of a leaf", "leaf, and salt or withheld", quoteOf(shownText(proof.extra)));
      const leaf = leafAt(utf8(extra.leaf), this.said.origin, seq);
      if (proof.index !== seq) throw new Bad("the proof is of another index", seq, proof.index);
      check = "inclusion";
      checkInclusion(leafHash(utf8(extra.leaf)), seq, this.said.size, proof.path, this.root);
      return { leaf, extra };
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.report.add(check, error, { file: name, seq });
      return undefined;
    }
  }

  /** Whether a payload is what its leaf commits to. */
  opens(seq: number, file: string, leaf: Leaf, extra: Extra, taken: Taken): boolean {
    const salt = extra.salt ?? "";
    if (!HEX64.test(salt)) {
      this.report.add("openings", "a payload without its salt", { file: `${this.at}/proofs/${seq}.tlog-proof`, seq });
      return false;
    }
    try {
      checkOpening(leaf, salt, taken.digest, taken.length);
      return true;
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.report.add("openings", error, { file, seq });
      return false;
    }
  }

  /** Present, withheld, erased, or missing. */
  private async record(seq: number): Promise<void> {
    const found = await this.entry(seq);
    let state: RecordState = "missing";
    if (found) {
      const { leaf, extra } = found;
      const file = `${this.at}/raw/${seq}.bin`;
      if (!this.bag.has(file)) {
        state = this.stateOf(seq, leaf, extra, file);
        const shown = `${this.at}/redacted/${seq}.json`;
        // Listed, and as listed; what it says is its maker's word.
        if (state === "withheld" && this.bag.has(shown)) await this.bag.digest(shown);
      } else {
        const taken = await this.bag.digest(file);
        if (taken && this.opens(seq, file, leaf, extra, taken)) {
          state = "present";
          if (within(seq, this.erased)) this.report.add("records", "erasure incomplete: the payload is still there", { file, seq });
        }
      }
    }
    this.report.records[state]++;
  }

  /** Why a payload is not there. */
  private stateOf(seq: number, leaf: Leaf, extra: Extra, file: string): RecordState {
    if (extra.salt) {
      this.report.add("records", "a payload is missing whose salt is there", { file, seq });
      return "missing";
    }
    if (within(seq, this.erased)) {
      if (extra.withheld) this.report.add("records", "an erased record that claims to be withheld", { file, seq });
      if (leaf.kind !== "evidence" && leaf.kind !== "audit") this.report.add("holds", "an entry of a kind that is never erased", { file, seq, got: leaf.kind });
      return "erased";
    }
    if (this.redacted.get(extra.withheld ?? "")?.includes(leaf.id)) return "withheld";
    this.report.add("records", "a payload is missing, and no entry says why", { file, seq });
    return "missing";
  }
}

/** What stands in a proof's extra line, if it is that of a bundle. */
function extraOf(fields: Readonly<Record<string, unknown>>): Extra | undefined {
  const names = Object.keys(fields);
  const isKnown = names.every((name) => ["leaf", "salt", "withheld"].includes(name)) && Object.values(fields).every((value) => typeof value === "string");
  return isKnown && names.includes("leaf") && !(names.includes("salt") && names.includes("withheld")) ? (fields as unknown as Extra) : undefined;
}

/** The id in a leaf that may be anything: to say which record failed, and for nothing else. */
export function idIn(proof: Bytes): string {
  try {
    const end = find(proof, utf8("\n\n"));
    const line = shownText(proof.subarray(0, end < 0 ? 0 : end)).split("\n").find((one) => one.startsWith("extra "));
    const { leaf } = JSON.parse(atob(line!.slice(6))) as { leaf: string };
    const { id } = JSON.parse(leaf) as { id: unknown };
    return typeof id === "string" ? id.slice(0, 40) : "";
  } catch {
    return "";
  }
}

