/**
 * Reads a zip that anybody may have made, from a file of the browser, without unpacking it anywhere.
 *
 * Refused before any of it is unpacked: names that lead elsewhere or that two systems read as one, files given twice,
 * links, overlapping entries, encryption, methods other than stored and deflated, more bytes than the zip's length
 * explains, and a list of files longer than a browser should hold. APPNOTE.TXT 6.3.9, sections 4.3 to 4.5.
 */

import { Bad, fromUtf8, quoteOf, shownText, type Bytes } from "~/base/proof/bytes";

export const MOST_NAME = 200;
/** More files than this are no fault of the bundle: they are too many for a browser. */
export const MOST_FILES = 1_000_000;
const RATIO = 256;
const SLACK = 64 << 20;
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const LOCAL = 30;
const LISTED = 46;
const BESIDE = 64;
const END = 22;
const COMMENT = 0xffff;
const END64 = 56;
const LOCATOR = 20;
const STORED = 0;
const DEFLATED = 8;
const LARGE = 0xffff_ffff;
const WINDOW = 1 << 20;
const WINDOWS = 4;

/** It is no zip, or one that is not whole. */
export class NoZip extends Error {}

/** A file of it cannot be read: its bytes are damaged. */
export class Damaged extends Error {}

/** It is too much for a browser, which says nothing against it. */
export class TooLarge extends Error {}

/** @throws Bad a name that no bundle has, or two that some system takes for one. */
export function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name.length > MOST_NAME || !name.split("/").every((part) => SEGMENT.test(part))) {
      throw new Bad("a name leads out of the bundle, or is none of a bundle's", "letters, digits, '.', '_' and '-', parted by '/'", quoteOf(name));
    }
    const folded = name.toLowerCase();
    if (seen.has(folded)) throw new Bad("a file is given twice", "each name once, in whatever case", name);
    seen.add(folded);
  }
}

interface Entry {
  readonly name: string;
  readonly offset: number;
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly flags: number;
  readonly mode: number;
}

/** Bytes of a file, fetched by windows: neighbours of what was read come with it. */
class Source {
  private readonly windows = new Map<number, Bytes>();
  readonly size: number;

  constructor(private readonly blob: Blob) {
    this.size = blob.size;
  }

  private async window(index: number): Promise<Bytes> {
    const there = this.windows.get(index);
    if (there) return there;
    const made = new Uint8Array(await this.blob.slice(index * WINDOW, (index + 1) * WINDOW).arrayBuffer());
    if (this.windows.size >= WINDOWS) this.windows.delete(this.windows.keys().next().value!);
    this.windows.set(index, made);
    return made;
  }

  async read(offset: number, length: number): Promise<Bytes> {
    if (offset < 0 || length < 0 || offset + length > this.size) throw new Damaged("the zip ends before what it speaks of");
    const first = Math.floor(offset / WINDOW);
    const at = offset - first * WINDOW;
    if (at + length <= WINDOW) return (await this.window(first)).slice(at, at + length);
    return new Uint8Array(await this.blob.slice(offset, offset + length).arrayBuffer());
  }

  stream(offset: number, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.blob.slice(offset, offset + length).stream();
  }
}

const CRC = new Int32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(data: Uint8Array, before: number): number {
  let value = ~before;
  for (let i = 0; i < data.length; i++) value = CRC[(value ^ data[i]!) & 255]! ^ (value >>> 8);
  return ~value;
}

/** The files of a bag, by their names below its one folder. */
export class Zip {
  readonly names: ReadonlySet<string>;

  private constructor(private readonly source: Source, private readonly entries: ReadonlyMap<string, Entry>) {
    this.names = new Set(entries.keys());
  }

  /**
   * @throws NoZip it is none.
   * @throws Bad it holds what no bundle holds.
   * @throws TooLarge it is too much for a browser.
   */
  static async open(blob: Blob): Promise<Zip> {
    const source = new Source(blob);
    let all: Entry[];
    try {
      all = await list(source);
    } catch (error) {
      throw error instanceof Damaged ? new NoZip(error.message) : error;
    }
    checkNames(all.map((entry) => entry.name.replace(/\/$/, "")));
    const files = all.filter((entry) => !entry.name.endsWith("/"));
    for (const entry of all) {
      const kind = entry.mode & 0o170000;
      if (kind && kind !== (entry.name.endsWith("/") ? 0o040000 : 0o100000)) throw new Bad("a link or special file", "files and folders", entry.name);
      if (entry.flags & 0x41 || ![STORED, DEFLATED].includes(entry.method)) {
        throw new Bad("a file is packed in a way no bundle is", "stored or deflated, not encrypted", `${entry.name}: method ${entry.method}, flags ${entry.flags}`);
      }
    }
    const total = all.reduce((sum, entry) => sum + entry.size, 0);
    if (total > blob.size * RATIO + SLACK) throw new Bad("the zip holds more than its length explains", `at most ${RATIO} times ${blob.size} bytes`, `${total} bytes`);
    let end = 0;
    for (const entry of all.toSorted((a, b) => a.offset - b.offset)) {
      if (entry.offset < end) throw new Bad("two files of the zip overlap", "each its own bytes", entry.name);
      end = entry.offset + LOCAL + entry.name.length + entry.packed;
    }
    const tops = new Set(all.map((entry) => entry.name.split("/", 1)[0]!));
    if (tops.size > 1 || files.some((entry) => !entry.name.includes("/"))) throw new Bad("not one bag", "one folder that holds all", [...tops].toSorted().join(", "));
    return new Zip(source, new Map(files.map((entry) => [entry.name.slice(entry.name.indexOf("/") + 1), entry])));
  }

  /** Bytes that a file states to have. */
  sizeOf(name: string): number {
    return this.entries.get(name)!.size;
  }

  /**
   * The bytes of a file in pieces; no more than it stated.
   *
   * @throws Damaged they cannot be read, or are not those that the zip's own checksum is of.
   */
  async *read(name: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const entry = this.entries.get(name)!;
    const start = await this.dataOf(entry);
    let length = 0;
    let crc = 0;
    for await (const piece of this.pieces(entry, start)) {
      length += piece.length;
      if (length > entry.size) throw new Damaged(`the file holds more than the ${entry.size} bytes it stated`);
      crc = crc32(piece, crc);
      yield piece;
    }
    if (length !== entry.size || crc >>> 0 !== entry.crc) throw new Damaged("the file is not the one that the zip's checksum is of");
  }

  /** Where the packed bytes of an entry begin. */
  private async dataOf(entry: Entry): Promise<number> {
    const head = view(await this.source.read(entry.offset, LOCAL));
    if (head.getUint32(0, true) !== 0x04034b50) throw new Damaged("there is no file where the zip's list says");
    const name = head.getUint16(26, true);
    const found = await this.source.read(entry.offset + LOCAL, name);
    if (shownText(found) !== entry.name) throw new Damaged("the file is called otherwise than in the zip's list");
    return entry.offset + LOCAL + name + head.getUint16(28, true);
  }

  private async *pieces(entry: Entry, start: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const isSmall = entry.packed <= WINDOW;
    if (isSmall && entry.method === STORED) {
      yield await this.source.read(start, entry.packed);
      return;
    }
    let stream: ReadableStream<Uint8Array<ArrayBuffer>>;
    if (isSmall) {
      // Small files come from the window: a stream of the file's own for each of a hundred thousand would take minutes.
      const made = new DecompressionStream("deflate-raw");
      const writer = made.writable.getWriter();
      // What is wrong with the bytes is told where they are read.
      writer.write(await this.source.read(start, entry.packed)).catch(() => undefined);
      writer.close().catch(() => undefined);
      stream = made.readable as ReadableStream<Uint8Array<ArrayBuffer>>;
    } else {
      const packed = this.source.stream(start, this.checked(entry, start));
      stream = entry.method === STORED ? packed : (packed.pipeThrough(new DecompressionStream("deflate-raw")) as ReadableStream<Uint8Array<ArrayBuffer>>);
    }
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw new Damaged(error instanceof Error ? error.message : String(error));
    } finally {
      // Whoever stops early, at a bound, stops the unpacking too.
      reader.cancel().catch(() => undefined);
    }
  }

  private checked(entry: Entry, start: number): number {
    if (start + entry.packed > this.source.size) throw new Damaged("the zip ends before the file does");
    return entry.packed;
  }
}

const view = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** A number of 64 bits, as far as it is exact. */
function large(data: DataView, at: number): number {
  const found = data.getBigUint64(at, true);
  if (found > BigInt(Number.MAX_SAFE_INTEGER)) throw new Damaged("a length beyond all bounds");
  return Number(found);
}

/** The list at the end of a zip. */
async function list(source: Source): Promise<Entry[]> {
  const tail = await source.read(Math.max(0, source.size - END - COMMENT - LOCATOR), Math.min(source.size, END + COMMENT + LOCATOR));
  const bytes = view(tail);
  let at = tail.length - END;
  while (at >= 0 && !(bytes.getUint32(at, true) === 0x06054b50 && at + END + bytes.getUint16(at + 20, true) === tail.length)) at--;
  if (at < 0) throw new NoZip("it has no list of files at its end");
  let count = bytes.getUint16(at + 10, true);
  let size = bytes.getUint32(at + 12, true);
  let offset = bytes.getUint32(at + 16, true);
  let end = source.size - tail.length + at;
  if (at >= LOCATOR && bytes.getUint32(at - LOCATOR, true) === 0x07064b50) {
    const where = large(bytes, at - LOCATOR + 8);
    const record = view(await source.read(where, END64));
    if (record.getUint32(0, true) !== 0x06064b50) throw new NoZip("its long end record is not where it says");
    [count, size, offset] = [large(record, 32), large(record, 40), large(record, 48)];
    end = where;
  }
  if (count > MOST_FILES || size > MOST_FILES * (LISTED + MOST_NAME + BESIDE)) throw new TooLarge(`the zip lists ${count} files; a browser takes ${MOST_FILES}`);
  if (offset + size !== end) throw new NoZip("its list of files does not end where the end record begins");
  return entries(await source.read(offset, size), count);
}

function entries(data: Bytes, count: number): Entry[] {
  const bytes = view(data);
  const found: Entry[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + LISTED > data.length || bytes.getUint32(at, true) !== 0x02014b50) throw new NoZip("its list of files is damaged");
    const [name, extra, comment] = [28, 30, 32].map((place) => bytes.getUint16(at + place, true)) as [number, number, number];
    const next = at + LISTED + name + extra + comment;
    if (next > data.length) throw new NoZip("its list of files is cut");
    let [packed, size, offset] = [20, 24, 42].map((place) => bytes.getUint32(at + place, true)) as [number, number, number];
    if (packed === LARGE || size === LARGE || offset === LARGE) [size, packed, offset] = wide(bytes, at + LISTED + name, extra, size, packed, offset);
    found.push({
      name: nameOf(data.subarray(at + LISTED, at + LISTED + name)), offset, packed, size,
      crc: bytes.getUint32(at + 16, true), method: bytes.getUint16(at + 10, true), flags: bytes.getUint16(at + 8, true), mode: bytes.getUint16(at + 40, true),
    });
    at = next;
  }
  if (found.length !== count) throw new NoZip(`its list has ${found.length} files, and its end record says ${count}`);
  return found;
}

/** Lengths beyond 32 bits stand in a field of their own, those that need it only. */
function wide(bytes: DataView, from: number, length: number, size: number, packed: number, offset: number): [number, number, number] {
  for (let at = from; at + 4 <= from + length; ) {
    const kind = bytes.getUint16(at, true);
    const long = bytes.getUint16(at + 2, true);
    if (kind === 1) {
      let place = at + 4;
      const next = (now: number): number => {
        if (now !== LARGE) return now;
        if (place + 8 > at + 4 + long) throw new NoZip("a file's long lengths are cut");
        place += 8;
        return large(bytes, place - 8);
      };
      return [next(size), next(packed), next(offset)];
    }
    at += 4 + long;
  }
  return [size, packed, offset];
}

/** A name as it stands in the zip. What is no UTF-8 becomes what no bundle's name has. */
function nameOf(data: Uint8Array): string {
  try {
    return fromUtf8(data);
  } catch {
    return shownText(data);
  }
}
