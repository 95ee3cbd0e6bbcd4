/** The files of a bundle, each held against its manifest when it is read (RFC 8493). */

import { Bad, concat, quoteOf, toHex, type Bytes } from "~/base/proof/bytes";
import { Sha256 } from "~/base/proof/sha256";
import type { Report } from "./report";
import { checkNames, Damaged, MOST_NAME } from "./zip";

export const TAG_FILES = ["README.txt", "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "verify.py"];
const OTHERS = ["tagmanifest-sha256.txt", "statement"];
export const MOST_TEXT = 64 << 20;
export const MOST_NOTE = 1 << 20;
/** Bytes of a proof's extra line. */
export const MOST_EXTRA = 1 << 16;
const LINE = /^([0-9a-f]{64}) {2}(.+)$/s;

/** A set of named files. */
export interface Box {
  readonly names: ReadonlySet<string>;
  read(name: string): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export interface Taken {
  /** Empty where no bound was given: a file of any length is hashed and not kept. */
  readonly data: Bytes;
  readonly digest: Bytes;
  readonly length: number;
}

/** The lines of a file as they come, without their ends; one without an end, or too long, comes last and with a mark. */
async function* lines(pieces: AsyncIterable<Uint8Array>, seen?: Sha256): AsyncGenerator<{ text: string; isWhole: boolean }> {
  const most = 64 + 2 + MOST_NAME + 1;
  // Names and digests are ASCII; what is none of it becomes a letter that is in neither.
  const decoder = new TextDecoder("latin1");
  let rest = "";
  for await (const piece of pieces) {
    seen?.update(piece);
    const parts = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = parts.pop()!;
    for (const text of parts) yield { text, isWhole: text.length < most };
    if (rest.length >= most) {
      yield { text: rest, isWhole: false };
      return;
    }
  }
  if (rest) yield { text: rest, isWhole: false };
}

export class Bag {
  readonly digests = new Map<string, string>();
  private readonly used = new Set<string>();
  /** SHA-256 of the tag manifest, in hex: what the statement is about. */
  tagDigest = "";

  constructor(private readonly box: Box, private readonly report: Report, private readonly told: (bytes: number) => void) {}

  get names(): ReadonlySet<string> {
    return this.box.names;
  }

  has(name: string): boolean {
    return this.box.names.has(name);
  }

  /** Whether files and manifests name each other exactly; if not, nothing more can be said. */
  async begin(): Promise<boolean> {
    const names = [...this.box.names].toSorted();
    const data = new Set(names.filter((name) => name.startsWith("data/")));
    const expected = [...TAG_FILES, ...OTHERS];
    for (const name of expected.toSorted()) if (!this.has(name)) this.report.add("container", "a file is missing", { file: name });
    for (const name of names) if (!data.has(name) && !expected.includes(name)) this.report.add("container", "a file that belongs to no bundle", { file: name });
    for (const [manifest, wanted] of [["tagmanifest-sha256.txt", new Set(TAG_FILES)], ["manifest-sha256.txt", data]] as const) {
      const listed = this.has(manifest) ? await this.manifest(manifest) : new Map<string, string>();
      const unlike = [...wanted].filter((name) => !listed.has(name)).concat([...listed.keys()].filter((name) => !wanted.has(name)));
      for (const name of unlike.toSorted()) this.report.add("container", "listed and not there, or there and not listed", { file: name, expected: manifest });
      for (const [name, digest] of listed) this.digests.set(name, digest);
    }
    return this.report.failed.size === 0;
  }

  private async manifest(name: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const digest = new Sha256();
    try {
      for await (const { text, isWhole } of lines(this.box.read(name), digest)) {
        const [, hex, path] = (isWhole && LINE.exec(text)) || [];
        if (hex === undefined || path === undefined || path.length > MOST_NAME || found.has(path)) {
          this.report.add("container", "a line that is none of a manifest", { file: name, got: quoteOf(text, 100) });
          break;
        }
        checkNames([path]);
        found.set(path, hex);
      }
    } catch (error) {
      if (!(error instanceof Damaged || error instanceof Bad)) throw error;
      this.report.add("container", "the manifest cannot be read", { file: name, got: error.message });
    }
    if (name.startsWith("tag")) this.tagDigest = toHex(digest.digest());
    return found;
  }

  /** A file of at most so many bytes; nothing, and a fault where there is one to tell, if it is not what is listed. */
  take(name: string, most: number = MOST_TEXT): Promise<Taken | undefined> {
    return this.run(name, most);
  }

  private async run(name: string, most: number | undefined): Promise<Taken | undefined> {
    const listed = this.digests.get(name);
    if (listed === undefined) return undefined;
    this.used.add(name);
    const digest = new Sha256();
    const pieces: Bytes[] = [];
    let length = 0;
    try {
      for await (const piece of this.box.read(name)) {
        digest.update(piece);
        length += piece.length;
        this.told(piece.length);
        if (most === undefined) continue;
        pieces.push(piece);
        if (length > most) {
          this.report.add("container", "the file is too long", { file: name, expected: most });
          return undefined;
        }
      }
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      this.report.add("container", "the file cannot be read", { file: name, got: error.message });
      return undefined;
    }
    const found = digest.digest();
    if (toHex(found) !== listed) {
      this.report.add("container", "the file is not the one its manifest lists", { file: name, expected: listed, got: toHex(found) });
      return undefined;
    }
    return { data: pieces.length === 1 ? pieces[0]! : concat(...pieces), digest: found, length };
  }

  /** A file of any length, hashed and not kept. */
  digest(name: string): Promise<Taken | undefined> {
    return this.run(name, undefined);
  }

  /** A file that no manifest lists, whole. @throws Damaged it cannot be read. */
  async bare(name: string, most: number): Promise<Bytes> {
    const pieces: Bytes[] = [];
    let length = 0;
    for await (const piece of this.box.read(name)) {
      pieces.push(piece);
      length += piece.length;
      if (length > most) throw new Damaged(`the file has more than ${most} bytes`);
    }
    return concat(...pieces);
  }

  /** The lines of a file, whose digest was looked at already. */
  lines(name: string): AsyncGenerator<{ text: string; isWhole: boolean }> {
    return lines(this.box.read(name));
  }

  /** Files below `data/` that nothing has asked for. */
  unused(prefix = "data/"): string[] {
    return [...this.digests.keys()].filter((name) => name.startsWith(prefix) && !this.used.has(name)).toSorted();
  }

  /** Hold every file that nobody has read against its digest. */
  async finish(): Promise<void> {
    for (const name of [...this.digests.keys()].filter((one) => !this.used.has(one)).toSorted()) await this.digest(name);
  }
}
