/** Which columns of the list fit beside the time, and how wide each is: the words of an event are always in sight. */

/** Pixels a column needs at least, and its share of what is left. */
const NEEDS: Readonly<Record<string, readonly [number, number]>> = {
  severity: [76, 0], type: [116, 2], actor: [92, 2], host: [72, 1], source: [80, 1.2], message: [200, 6],
};
const OTHER = [100, 2] as const;
const TIME = 174;
/** Of a time without its year. */
const SHORT_TIME = 142;
/** In a narrow list a severity is a mark, and a message may be shorter. */
const NARROW = 660;
const NARROW_NEEDS: Readonly<Record<string, readonly [number, number]>> = { severity: [10, 0], message: [150, 6] };
const GAP = 12;
/** What gives way, in this order: what the rest tells as well; the year stands in the line above the lanes too. */
const YEAR = "the year";
const GIVES_WAY = ["host", "source", "actor", YEAR, "type"];

export interface Fitted {
  readonly columns: readonly string[];
  /** What there is no room for. */
  readonly unfit: readonly string[];
  readonly isNarrow: boolean;
  /** Whether times are without their year. */
  readonly isShort: boolean;
  /** As CSS, the time's column first. */
  readonly grid: string;
  /** Pixels all of them need. */
  readonly least: number;
}

/**
 * @param wanted names of columns, in their order.
 * @param wide pixels there are; 0: not known yet, all of them fit.
 */
export function fitting(wanted: readonly string[], wide: number): Fitted {
  const isNarrow = wide > 0 && wide < NARROW;
  const needs = (name: string): readonly [number, number] => (isNarrow ? NARROW_NEEDS[name] : undefined) ?? NEEDS[name] ?? OTHER;
  let time = TIME;
  const sum = (names: readonly string[]): number => names.reduce((all, name) => all + needs(name)[0] + GAP, time + 2 * GAP);
  let columns = wanted;
  for (const name of GIVES_WAY) {
    if (wide === 0 || sum(columns) <= wide) break;
    if (name === YEAR) time = SHORT_TIME;
    else columns = columns.filter((one) => one !== name);
  }
  const tracks = columns.map((name) => (needs(name)[1] ? `minmax(${needs(name)[0]}px, ${needs(name)[1]}fr)` : `${needs(name)[0]}px`));
  return { columns, unfit: wanted.filter((one) => !columns.includes(one)), isNarrow, isShort: time === SHORT_TIME, grid: [`${time}px`, ...tracks].join(" "), least: sum(columns) };
}
