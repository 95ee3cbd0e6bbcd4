/**
 * Where the marks of a chain lie.
 *
 * Time runs to the right. In the scale `story` an hour in which much happened gets more room and long silence is cut, so
 * that steps can be told apart and read; every cut is marked with its length. In the scale `true` a minute is as wide as
 * any other.
 */

import { showLength, type Instant } from "~/base/instant";
import { isFaint, type Drawn, type Mark } from "./marks";

export type ScaleKind = "story" | "true";

export interface Placed {
  readonly mark: Mark;
  readonly x: number;
  /** Where its last event lies. */
  readonly xEnd: number;
  readonly y: number;
  /** Where its label begins, and its upper edge; none if there was no room for it. */
  readonly label: { readonly x: number; readonly y: number } | undefined;
}

/** Silence that is drawn shorter than it was. */
export interface Cut {
  readonly x: number;
  readonly text: string;
}

export interface Plan {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly { readonly name: string; readonly y: number; readonly height: number }[];
  readonly placed: readonly Placed[];
  readonly at: ReadonlyMap<string, Placed>;
  readonly cuts: readonly Cut[];
  /** Instants of the axis with their places. */
  readonly stamps: readonly { readonly at: Instant; readonly x: number }[];
}

export const TOP = 26;
const LEFT = 20;
const NEAR = 20;
const WIDE = 130;
const ROW = 28;
const MOST_ROWS = 6;
const HEAD = 26;
const STAMP_ROOM = 74;
/** Silence is cut where it is drawn so many times narrower than it would be true to scale. */
const CUT = 2;

/** How wide a label is, about, with the number of its step before it: drawing must not wait for fonts. */
export const labelWidth = (label: readonly [string, string]): number => Math.max((label[0].length + 3) * 7, label[1].length * 6.4) + 8;

/**
 * @param labels the two lines beside a mark.
 * @param room pixels there are; what needs more is scrolled.
 */
export function plan(of: Drawn, scale: ScaleKind, room: number, labels: (mark: Mark) => readonly [string, string]): Plan {
  const instants = [...new Set(of.marks.flatMap((mark) => [mark.start, mark.end]))].toSorted((a, b) => (a < b ? -1 : 1));
  const { places, cuts } = scale === "story" ? story(instants, room - LEFT - WIDE) : truly(instants, room - LEFT - WIDE);
  const placed: Placed[] = [];
  const lanes: { name: string; y: number; height: number }[] = [];
  let y = TOP;
  let width = room;
  for (const name of of.lanes) {
    const own = of.marks.filter((mark) => mark.lane === name);
    // Those that say most are labelled first; what finds no room is told when it is pointed at, and in the table.
    const rows: [number, number][][] = [];
    const labelled = new Map<Mark, { x: number; row: number }>();
    for (const mark of own.toSorted((a, b) => Number(isFaint(a)) - Number(isFaint(b)))) {
      const x = places.get(mark.start)! - 5;
      const end = x + labelWidth(labels(mark)) + 4;
      const row = rowFor(rows, x, end);
      if (row === undefined) continue;
      labelled.set(mark, { x, row });
      width = Math.max(width, end);
    }
    const height = HEAD + Math.max(1, rows.length) * ROW;
    for (const mark of own) {
      const label = labelled.get(mark);
      const top = y + HEAD;
      placed.push({
        mark, x: places.get(mark.start)!, xEnd: places.get(mark.end)!, y: y + 14,
        label: label && { x: label.x, y: top + label.row * ROW },
      });
    }
    lanes.push({ name, y, height });
    y += height;
  }
  placed.sort((a, b) => (a.mark.start < b.mark.start ? -1 : 1));
  return {
    width, height: y, lanes, placed, at: new Map(placed.map((one) => [one.mark.id, one])), cuts,
    stamps: stamps(instants, places),
  };
}

function rowFor(rows: [number, number][][], x: number, end: number): number | undefined {
  for (let row = 0; row < MOST_ROWS; row++) {
    const taken = (rows[row] ??= []);
    if (taken.some(([from, to]) => x < to && end > from)) continue;
    taken.push([x, end]);
    return row;
  }
  return undefined;
}

function truly(instants: readonly Instant[], room: number): { places: Map<Instant, number>; cuts: Cut[] } {
  const first = instants[0] ?? 0n;
  const whole = Number((instants.at(-1) ?? 0n) - first) || 1;
  return { places: new Map(instants.map((at) => [at, LEFT + (Number(at - first) / whole) * room])), cuts: [] };
}

/** Every step at least {@link NEAR} wide, at most a share of the room, in between as long as it lasted. */
function story(instants: readonly Instant[], room: number): { places: Map<Instant, number>; cuts: Cut[] } {
  const steps = instants.slice(1).map((at, i) => Number(at - instants[i]!));
  const most = Math.max(90, (room / Math.max(1, steps.length)) * 2.5);
  const wide = (perNano: number, step: number): number => Math.min(most, Math.max(NEAR, step * perNano));
  let low = 0;
  let high = 1;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    const sum = steps.reduce((all, step) => all + wide(middle, step), 0);
    if (sum > room) high = middle;
    else low = middle;
  }
  const places = new Map<Instant, number>();
  const cuts: Cut[] = [];
  const sizes = steps.map((step) => wide(low, step));
  const perNano = sizes.reduce((all, size) => all + size, 0) / (steps.reduce((all, step) => all + step, 0) || 1);
  let x = LEFT;
  instants.forEach((at, i) => {
    if (i > 0) {
      const size = sizes[i - 1]!;
      if (size > 2 * NEAR && steps[i - 1]! * perNano > CUT * size) cuts.push({ x: x + size / 2, text: showLength(at - instants[i - 1]!) });
      x += size;
    }
    places.set(at, x);
  });
  return { places, cuts };
}

/** Of the instants of marks, as many as have room on the axis. */
function stamps(instants: readonly Instant[], places: ReadonlyMap<Instant, number>): { at: Instant; x: number }[] {
  const shown: { at: Instant; x: number }[] = [];
  let free = -Infinity;
  for (const at of instants) {
    const x = places.get(at)!;
    if (x < free) continue;
    // The first has its day before it, and begins where others have their middle.
    free = x + (shown.length ? STAMP_ROOM : 1.9 * STAMP_ROOM);
    shown.push({ at, x });
  }
  return shown;
}
