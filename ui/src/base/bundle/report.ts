/** What a verification found: checks in their order, faults with their places, counts of records, one verdict. */

import { Bad } from "~/base/proof/bytes";

export const CHECKS = [
  "container", "notes", "keys", "witnesses", "time", "leaves", "inclusion", "consistency", "openings",
  "records", "holds", "history", "complete", "statement",
] as const;
export type CheckName = (typeof CHECKS)[number];

/** The exit codes of `vestige bundle verify`, and what they mean. */
export const VERDICTS = { 0: "verified", 1: "failed", 2: "integrity good, origin unverified", 3: "verified, parts withheld or erased", 4: "not a bundle" } as const;
export type Exit = keyof typeof VERDICTS;
export type RecordState = "present" | "withheld" | "erased" | "missing";

/** The fault of a bundle whose log is signed by none of the keys that are trusted for it. */
export const OTHER_KEY = "none of the trusted keys is this log's";

export interface Fault {
  readonly check: CheckName;
  readonly message: string;
  readonly file?: string;
  readonly seq?: number;
  readonly expected?: string;
  readonly got?: string;
}

export interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly isReached: boolean;
  readonly detail: string;
}

/** All of it, as it crosses from the worker to the page. */
export interface Found {
  readonly verdict: (typeof VERDICTS)[Exit];
  readonly exit: Exit;
  readonly checks: readonly Check[];
  readonly records: Readonly<Record<RecordState, number>>;
  readonly faults: readonly Fault[];
  /** Faults in all; {@link faults} holds the first of them. */
  readonly faultCount: number;
  readonly keys: readonly string[];
  readonly logs: readonly { origin: string; size: number; root: string }[];
  readonly selection: string;
  readonly sources: string;
  readonly madeBy: string;
  readonly made: string;
  /** What this page could not or did not look at. */
  readonly unchecked: readonly string[];
  readonly failedIds: readonly { seq: number; id: string; file: string }[];
  readonly annotations: readonly { entry: string; author: string; at: string; text: string }[];
}

const MOST_FAULTS = 100;

export class Report {
  readonly faults: Fault[] = [];
  readonly failed = new Map<CheckName, number>();
  readonly details = new Map<CheckName, string>();
  readonly records: Record<RecordState, number> = { present: 0, withheld: 0, erased: 0, missing: 0 };
  /** Ids of entries whose leaf could be read, by seq and epoch, as far as something is wrong with them. */
  readonly unchecked = new Set<string>();
  isBundle = true;
  isTrusted = false;
  isReached = false;

  add(check: CheckName, what: string | Bad, place: { file?: string; seq?: number; expected?: unknown; got?: unknown } = {}): void {
    const bad = what instanceof Bad ? what : new Bad(what, place.expected ?? "", place.got ?? "");
    this.failed.set(check, (this.failed.get(check) ?? 0) + 1);
    if (this.faults.length >= MOST_FAULTS) return;
    this.faults.push({
      check, message: bad.message,
      ...(place.file ? { file: place.file } : {}), ...(place.seq === undefined ? {} : { seq: place.seq }),
      ...(bad.expected ? { expected: bad.expected } : {}), ...(bad.got ? { got: bad.got } : {}),
    });
  }

  get exit(): Exit {
    if (this.failed.size) return this.isBundle ? 1 : 4;
    if (!this.isTrusted) return 2;
    return this.records.withheld || this.records.erased ? 3 : 0;
  }

  checks(): Check[] {
    return CHECKS.map((name) => {
      const mine = this.faults.filter((fault) => fault.check === name);
      const more = (this.failed.get(name) ?? 0) - 1;
      const detail = mine.length ? told(mine[0]!) + (more > 0 ? `; and ${more} more` : "") : this.isReached ? (this.details.get(name) ?? "") : "not reached";
      return { name, ok: this.isReached && !this.failed.has(name), isReached: this.isReached || mine.length > 0, detail };
    });
  }
}

/** A fault as a line. */
export function told(fault: Fault): string {
  const place = [fault.file, fault.seq].filter((one) => one !== undefined).join(" ");
  const rest = [fault.expected && `expected ${fault.expected}`, fault.got && `got ${fault.got}`].filter(Boolean).map((one) => `; ${one}`).join("");
  return `${place ? `${place}: ` : ""}${fault.message}${rest}`;
}
