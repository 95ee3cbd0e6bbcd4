/**
 * Reads the heads of a zip's files as it comes, front to back: which files have begun. Content is stepped over.
 *
 * It needs sizes in the heads, which the zips of this server have (docs/bundles.md). What is no zip, or one without sizes,
 * only stops the counting; whether a zip is whole and right is for whoever verifies it. APPNOTE.TXT 6.3.9, 4.3.7.
 */

const HEAD = 30;
const SIGNATURE = 0x04034b50;
const LARGE = 0xffffffff;
const ZIP64 = 0x0001;

export class ZipFront {
  private readonly begun: (name: string) => void;
  private rest: Uint8Array = new Uint8Array(0);
  private skip = 0;
  private over = false;

  /** @param begun called with the name of each file. */
  constructor(begun: (name: string) => void) {
    this.begun = begun;
  }

  take(chunk: Uint8Array): void {
    if (this.over) return;
    if (this.skip >= chunk.length && this.rest.length === 0) {
      this.skip -= chunk.length;
      return;
    }
    let at = 0;
    let bytes = chunk;
    if (this.rest.length) {
      bytes = new Uint8Array(this.rest.length + chunk.length);
      bytes.set(this.rest);
      bytes.set(chunk, this.rest.length);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (;;) {
      const step = Math.min(this.skip, bytes.length - at);
      at += step;
      this.skip -= step;
      if (this.skip > 0 || bytes.length - at < HEAD) break;
      // The directory at the end, or something else altogether: nothing more to count.
      if (view.getUint32(at, true) !== SIGNATURE) {
        this.over = true;
        this.rest = new Uint8Array(0);
        return;
      }
      const name = view.getUint16(at + 26, true);
      const extra = view.getUint16(at + 28, true);
      const head = HEAD + name + extra;
      if (bytes.length - at < head) break;
      this.begun(new TextDecoder().decode(bytes.subarray(at + HEAD, at + HEAD + name)));
      this.skip = head + sizeOf(view, at, at + HEAD + name, extra);
    }
    this.rest = bytes.slice(at);
  }
}

/** How long a file's content is as it is packed. */
function sizeOf(view: DataView, head: number, extra: number, length: number): number {
  const size = view.getUint32(head + 18, true);
  if (size !== LARGE) return size;
  for (let at = extra; at + 4 <= extra + length; at += 4 + view.getUint16(at + 2, true)) {
    // The plain size stands first, the packed one behind it.
    if (view.getUint16(at, true) === ZIP64 && at + 20 <= extra + length) return Number(view.getBigUint64(at + 12, true));
  }
  return LARGE;
}
