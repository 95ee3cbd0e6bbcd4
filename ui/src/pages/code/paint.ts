/** Lines as they are drawn: pieces of one colour each, and who wrote each line. */

import type { Class, Colour, Range, Summary } from "./shapes";

export interface Piece {
  readonly text: string;
  /** A word of the server's: `comment`, `string`, `number`, `keyword`; empty for all else. */
  readonly kind: string;
}

/** The colours of a file by the line they are in. */
export function byLine(colours: readonly Colour[]): Map<number, Colour[]> {
  const found = new Map<number, Colour[]>();
  for (const one of colours) {
    const there = found.get(one[0]);
    if (there) there.push(one);
    else found.set(one[0], [one]);
  }
  return found;
}

/** A line in pieces. What overlaps or lies beyond the line is left out: the text is always whole. */
export function pieces(text: string, colours: readonly Colour[] = []): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const [, from, to, kind] of colours) {
    if (from < at || to > text.length || to <= from) continue;
    if (from > at) found.push({ text: text.slice(at, from), kind: "" });
    found.push({ text: text.slice(from, to), kind });
    at = to;
  }
  if (at < text.length || !found.length) found.push({ text: text.slice(at), kind: "" });
  return found;
}

/** By line, from 1, the range it is in; nothing for a line nobody knows of. */
export function known(ranges: readonly Range[]): (line: number) => Range | undefined {
  const sorted = [...ranges].toSorted((a, b) => a.start - b.start);
  return (line) => {
    let low = 0;
    let high = sorted.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const one = sorted[middle]!;
      if (line < one.start) high = middle - 1;
      else if (line > one.end) low = middle + 1;
      else return one;
    }
    return undefined;
  };
}

/** How many of some lines are whose; what no range names is unknown, and never a person's. */
export function summed(lines: readonly number[], ranges: readonly Range[]): Summary {
  const of = known(ranges);
  const sum: Record<Class, number> = { ai: 0, mixed: 0, human: 0, unknown: 0 };
  for (const line of lines) sum[of(line)?.class ?? "unknown"]++;
  return sum;
}

export const together = (sums: readonly Summary[]): Summary =>
  sums.reduce<Summary>((all, one) => ({ ai: all.ai + one.ai, mixed: all.mixed + one.mixed, human: all.human + one.human, unknown: all.unknown + one.unknown }), { ai: 0, mixed: 0, human: 0, unknown: 0 });
