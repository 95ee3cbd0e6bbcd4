/** Whom somebody trusts who verifies: keys of logs, and a policy of witnesses (c2sp.org/tlog-policy). */

import { Bad, quoteOf } from "~/base/proof/bytes";
import { COSIGNATURE, SecondKey, VerifierKey, type Note } from "~/base/proof/note";

export class Trust {
  readonly keys: VerifierKey[] = [];
  /** Of a key that was compromised, the size up to which it counts. */
  readonly lastGood = new Map<string, number>();
  readonly seconds: SecondKey[] = [];
  quorum = "";
  private readonly witnesses = new Map<string, VerifierKey>();
  private readonly groups = new Map<string, readonly [number, readonly string[]]>();

  /**
   * @param keys texts with a key a line, as `vestige ledger keys` prints them, with or without `--json`.
   * @param pinned keys that were pinned for whatever log is theirs: they say nothing of any other.
   * @throws Bad a line is none of that.
   */
  constructor(keys: readonly string[], policy = "", private readonly pinned: readonly VerifierKey[] = []) {
    for (const text of keys) this.addKeys(text);
    for (const line of policy.split("\n")) {
      const words = line.trim().split(/\s+/).filter(Boolean);
      if (words.length && !words[0]!.startsWith("#")) this.addLine(words);
    }
  }

  private addKeys(text: string): void {
    const before = this.keys.length;
    for (const line of text.split(/\r?\n/)) {
      if (!line.trim() || line.startsWith("#")) continue;
      const said = line.trimStart().startsWith("{") ? fromJson(line) : { vkey: line.trim().split(/\s+/, 1)[0]!, second: undefined };
      if (said.second !== undefined) this.seconds.push(new SecondKey(said.second));
      this.keys.push(new VerifierKey(said.vkey));
      const bad = /(?:, compromised above size |"last_good_size": ?)(\d{1,15})/.exec(line);
      if (bad) this.lastGood.set(said.vkey, Number(bad[1]));
    }
    if (this.keys.length === before) throw new Bad("there is no verifier key", "name+id+base64", quoteOf(text, 60));
  }

  private addLine(words: readonly string[]): void {
    const [kind, ...rest] = words as [string, ...string[]];
    const known = new Set([...this.witnesses.keys(), ...this.groups.keys()]);
    const isNew = (name: string): boolean => !known.has(name) && name !== "none";
    if (kind === "log" && rest.length >= 1 && rest.length <= 2) {
      this.keys.push(new VerifierKey(rest[0]!));
    } else if (kind === "witness" && rest.length >= 2 && rest.length <= 3 && isNew(rest[0]!)) {
      this.witnesses.set(rest[0]!, new VerifierKey(rest[1]!, COSIGNATURE));
    } else if (kind === "group" && rest.length >= 3 && isNew(rest[0]!) && rest.slice(2).every((name) => known.has(name))) {
      const members = rest.slice(2);
      const needed = rest[1] === "any" ? 1 : rest[1] === "all" ? members.length : Number(rest[1]);
      if (!Number.isInteger(needed) || needed < 1 || needed > members.length || new Set(members).size < members.length) {
        throw new Bad("a group that cannot be", "as many as are needed, of different members", quoteOf(words.join(" ")));
      }
      this.groups.set(rest[0]!, [needed, members]);
    } else if (kind === "quorum" && rest.length === 1 && (known.has(rest[0]!) || rest[0] === "none")) {
      this.quorum = rest[0] === "none" ? "" : rest[0]!;
    } else {
      throw new Bad("not a line of a policy", "log, witness, group, quorum", quoteOf(words.join(" ")));
    }
  }

  /** The keys of which one must be that of a log, if there are any. */
  keysFor(origin: string): VerifierKey[] {
    return [...this.keys, ...this.pinned.filter((key) => key.name === origin)];
  }

  /** Whether the quorum cosigned. */
  async isSatisfied(note: Note): Promise<boolean> {
    const met = new Map<string, boolean>();
    for (const [name, key] of this.witnesses) met.set(name, await note.cosignedBy(key));
    for (const [name, [needed, members]] of this.groups) met.set(name, members.filter((member) => met.get(member)).length >= needed);
    return !this.quorum || met.get(this.quorum) === true;
  }
}

function fromJson(line: string): { vkey: string; second: string | undefined } {
  try {
    const said = JSON.parse(line) as { vkey?: unknown; second?: unknown };
    if (typeof said.vkey === "string") return { vkey: said.vkey, second: typeof said.second === "string" ? said.second : undefined };
  } catch {
    // Told below, with what was expected.
  }
  throw new Bad("a line that holds no key", '{"vkey": …}', quoteOf(line));
}
