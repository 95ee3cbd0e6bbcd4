/** Reads the server's density: counts of events per lane and bucket of time, as bytes (docs/http.md). */

import type { Instant } from "./instant";

/** Counts by lane: `rows[i]` belongs to `lanes[i]`; a last row for all other lanes if `other`. */
export interface Density {
  readonly start: Instant;
  readonly end: Instant;
  readonly origin: Instant;
  readonly width: bigint;
  readonly buckets: number;
  readonly lanes: readonly string[];
  readonly other: boolean;
  readonly total: number;
  readonly rows: readonly Uint32Array[];
}

const MAGIC = "VDEN1\0\0\0";

/** The bytes are no density, or not whole. */
export class DensityError extends Error {}

/**
 * @throws DensityError the bytes are something else, or cut.
 */
export function readDensity(buffer: ArrayBuffer): Density {
  const text = new TextDecoder();
  const magic = text.decode(buffer.slice(0, 8));
  if (magic !== MAGIC) throw new DensityError(`this is no density: expected ${JSON.stringify(MAGIC)}, got ${JSON.stringify(magic)}`);
  const size = new DataView(buffer).getUint32(8, true);
  const head = JSON.parse(text.decode(buffer.slice(12, 12 + size))) as {
    start_ns: string; end_ns: string; origin_ns: string; width_ns: string;
    buckets: number; lanes: string[]; other: boolean; total: number;
  };
  const count = head.lanes.length + (head.other ? 1 : 0);
  const expected = 12 + size + 4 * head.buckets * count;
  if (buffer.byteLength !== expected) throw new DensityError(`a density of ${expected} bytes came as ${buffer.byteLength}`);
  const rows: Uint32Array[] = [];
  for (let i = 0; i < count; i++) rows.push(new Uint32Array(buffer, 12 + size + 4 * head.buckets * i, head.buckets));
  return {
    start: BigInt(head.start_ns), end: BigInt(head.end_ns), origin: BigInt(head.origin_ns), width: BigInt(head.width_ns),
    buckets: head.buckets, lanes: head.lanes, other: head.other, total: head.total, rows,
  };
}
