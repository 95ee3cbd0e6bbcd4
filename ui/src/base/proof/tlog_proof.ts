/** One entry's proof as a file: c2sp.org/tlog-proof. */

import { Bad, find, fromBase64, quoteOf, shownText, utf8, type Bytes } from "./bytes";
import { parseNumber } from "./note";

const HEADER = "c2sp.org/tlog-proof@v1";
const MOST_PATH = 63;
const GAP = utf8("\n\n");

export interface TlogProof {
  readonly extra: Bytes | undefined;
  readonly index: number;
  readonly path: readonly Bytes[];
  /** The signed note that the path leads to, as it stands there. */
  readonly checkpoint: Bytes;
}

const wrong = (got: string): Bad => new Bad("not a tlog-proof", "header, index, hashes, an empty line, a checkpoint", quoteOf(got));

/** @throws Bad the bytes are no proof in its one spelling. */
export function parseProof(data: Uint8Array): TlogProof {
  const gap = find(data, GAP);
  const head = gap < 0 ? data : data.subarray(0, gap);
  if (gap < 0 || head.some((byte) => byte > 0x7e)) throw wrong(shownText(head.subarray(0, 60)));
  const lines = shownText(head).split("\n");
  if (lines.shift() !== HEADER) throw wrong(shownText(head.subarray(0, 60)));
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift()!.slice(6)) : undefined;
  const line = lines.shift() ?? "";
  if (!line.startsWith("index ")) throw wrong(line);
  const index = parseNumber(line.slice(6));
  const path = lines.map((one) => fromBase64(one));
  if (path.length > MOST_PATH || path.some((step) => step.length !== 32)) throw new Bad("not the hashes of a path", `at most ${MOST_PATH} hashes of 32 bytes`, path.length);
  return { extra, index, path, checkpoint: data.slice(gap + 2) as Bytes };
}
