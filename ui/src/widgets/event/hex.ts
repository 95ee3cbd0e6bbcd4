/** Bytes as lines of a dump, and as text in which the values of fields are found again. */

import { find, shownText, utf8 } from "~/base/proof/bytes";

const WIDTH = 16;

export interface Line {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

/** Lines of sixteen bytes, from an offset that is counted from the record's beginning. */
export function dump(data: Uint8Array, from = 0): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < data.length; at += WIDTH) {
    const row = data.subarray(at, at + WIDTH);
    const pairs = [...row].map((byte) => byte.toString(16).padStart(2, "0"));
    lines.push({
      offset: (from + at).toString(16).padStart(8, "0"),
      hex: `${pairs.slice(0, 8).join(" ").padEnd(23)}  ${pairs.slice(8).join(" ")}`.trimEnd(),
      text: [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join(""),
    });
  }
  return lines;
}

export interface Part {
  readonly text: string;
  /** The field whose value stands here. */
  readonly field: string | undefined;
}

const SHORTEST = 3;

/** The text of bytes in parts: those in which a field's value stands, where it stands first, and what lies between. */
export function marked(data: Uint8Array, fields: readonly { path: string; value: string }[]): Part[] {
  const taken: { start: number; end: number; field: string }[] = [];
  for (const { path, value } of fields.toSorted((a, b) => a.value.length - b.value.length)) {
    const wanted = utf8(value);
    if (wanted.length < SHORTEST) continue;
    for (let at = find(data, wanted); at >= 0; at = find(data, wanted, at + 1)) {
      const end = at + wanted.length;
      if (taken.some((one) => at < one.end && one.start < end)) continue;
      taken.push({ start: at, end, field: path });
      break;
    }
  }
  taken.sort((a, b) => a.start - b.start);
  const parts: Part[] = [];
  let at = 0;
  for (const one of taken) {
    if (one.start > at) parts.push({ text: shownText(data.subarray(at, one.start)), field: undefined });
    parts.push({ text: shownText(data.subarray(one.start, one.end)), field: one.field });
    at = one.end;
  }
  if (at < data.length) parts.push({ text: shownText(data.subarray(at)), field: undefined });
  return parts;
}
