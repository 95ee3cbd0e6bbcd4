/**
 * Densities as pictures: every lane a row of bars, one pixel a bucket, drawn once when the counts come.
 *
 * A view is then a stretched copy of it: panning and zooming draw pictures, not counts, so a frame costs the same
 * whatever is in it. Bars grow with the logarithm of their count, or the one burst of a day would hide all else.
 */

import type { Density } from "~/base/density";
import type { Scale } from "~/base/scale";
import { packed, type Palette } from "./palette";

/** The height of a lane's picture in pixels. */
export const ROW = 20;
/** Names the row of all lanes beyond the most the server tells apart. */
export const OTHER = "\0other";

/** A density of all events and, over it, those of the steps that should be seen first. */
export interface Layers {
  readonly all: Density;
  /** From the mildest to the gravest; each is a share of `all`. */
  readonly graver: readonly { readonly step: "medium" | "high" | "critical"; readonly counts: Density }[];
}

/** A density's picture: a row of `ROW` pixels for each lane. */
export interface Picture {
  readonly counts: Density;
  readonly image: HTMLCanvasElement;
  /** The place of each lane's row. */
  readonly rows: ReadonlyMap<string, number>;
  readonly most: number;
}

/** The highest count of a density's buckets. */
export function mostOf(counts: Density): number {
  let most = 0;
  for (const row of counts.rows) for (const n of row) if (n > most) most = n;
  return most;
}

/** How many pixels of a bar a count fills; any count fills one at least. */
export function height(n: number, most: number): number {
  return n === 0 ? 0 : Math.max(2, Math.round((ROW * Math.log1p(n)) / Math.log1p(most)));
}

export function drawPicture(layers: Layers, palette: Palette, most = mostOf(layers.all)): Picture {
  const { all } = layers;
  const wide = Math.max(1, all.buckets);
  const image = document.createElement("canvas");
  image.width = wide;
  image.height = Math.max(1, all.rows.length * ROW);
  const rows = new Map<string, number>();
  all.rows.forEach((_, place) => rows.set(all.lanes[place] ?? OTHER, place));
  const data = new ImageData(wide, image.height);
  const pixels = new Uint32Array(data.data.buffer);
  paint(pixels, wide, all, rows, packed(palette.heat, 205), most);
  for (const { step, counts } of layers.graver) paint(pixels, wide, counts, rows, packed(palette.severity[step]), most, all);
  image.getContext("2d")!.putImageData(data, 0, 0);
  return { counts: all, image, rows, most };
}

/**
 * Paint the bars of some counts. Those laid over others may be counted in buckets of another width (what is kept counted
 * comes by whole hours): each then covers the columns of its stretch of time.
 */
function paint(
  pixels: Uint32Array, wide: number, counts: Density, rows: ReadonlyMap<string, number>, colour: number, most: number, onto: Density = counts,
): void {
  const column = (bucket: number): number => Number((counts.origin + counts.width * BigInt(bucket) - onto.origin) / onto.width);
  const columns = Int32Array.from({ length: counts.buckets + 1 }, (_, bucket) => (onto === counts ? bucket : column(bucket)));
  counts.rows.forEach((row, index) => {
    const place = rows.get(counts.lanes[index] ?? OTHER);
    if (place === undefined) return;
    const bottom = (place + 1) * ROW - 1;
    for (let bucket = 0; bucket < row.length; bucket++) {
      if (row[bucket] === 0) continue;
      const tall = height(row[bucket]!, most);
      const first = Math.max(0, columns[bucket]!);
      const beyond = Math.min(wide, Math.max(columns[bucket + 1]!, first + 1));
      for (let x = first; x < beyond; x++) for (let y = 0; y < tall; y++) pixels[(bottom - y) * wide + x] = colour;
    }
  });
}

/** Put one lane's part of a picture onto the screen, stretched to the view. */
export function putRow(context: CanvasRenderingContext2D, picture: Picture, lane: string, scale: Scale, top: number, tall: number): void {
  const place = picture.rows.get(lane);
  if (place === undefined) return;
  const { counts } = picture;
  const perBucket = scale.x(scale.span.start + counts.width);
  const left = scale.x(counts.origin);
  // Only what is in sight is copied: a picture stretched to a million pixels is not.
  const first = Math.max(0, Math.floor(-left / perBucket) - 1);
  const beyond = Math.min(counts.buckets, Math.ceil((scale.pixels - left) / perBucket) + 1);
  if (beyond <= first) return;
  context.drawImage(
    picture.image, first, place * ROW, beyond - first, ROW, left + first * perBucket, top, (beyond - first) * perBucket, tall,
  );
}

/** How many events of a lane a density counts at a place of the view; `undefined` where it does not reach. */
export function countAt(counts: Density, lane: string, at: bigint): number | undefined {
  const bucket = Number((at - counts.origin) / counts.width);
  const place = counts.lanes.indexOf(lane);
  const row = counts.rows[place < 0 && lane === OTHER && counts.other ? counts.lanes.length : place];
  return at < counts.origin || bucket >= counts.buckets ? undefined : (row?.[bucket] ?? 0);
}
