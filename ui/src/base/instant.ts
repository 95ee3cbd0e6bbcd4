/**
 * Instants: nanoseconds since 1970 in UTC, as `bigint`, exact from the interface of the server to a label.
 *
 * `Date` and `number` know milliseconds only, so neither ever holds an instant here; `Intl` is asked for the offset of a
 * zone, which changes by whole seconds.
 */

export type Instant = bigint;

export const MICRO = 1_000n;
export const MILLI = 1_000_000n;
export const SECOND = 1_000_000_000n;
export const MINUTE = 60n * SECOND;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;
/** What an int64 of nanoseconds holds: 1677 to 2262. */
export const EARLIEST: Instant = -(2n ** 63n);
export const LATEST: Instant = 2n ** 63n - 1n;

const WRITTEN = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Rounds towards minus infinity, as instants before 1970 need it. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b < 0n ? q - 1n : q;
}

/** The instant an RFC 3339 text names; `undefined` if it names none. */
export function parseInstant(text: string): Instant | undefined {
  const found = WRITTEN.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = found;
  const millis = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  const shown = new Date(millis);
  if (shown.getUTCMonth() !== +month! - 1 || shown.getUTCDate() !== +day!) return undefined;
  const offset = zone === "Z" ? 0n : BigInt(zone[0] + "1") * (BigInt(zone.slice(1, 3)) * HOUR + BigInt(zone.slice(4)) * MINUTE);
  return BigInt(millis) * MILLI + BigInt(fraction.padEnd(9, "0")) - offset;
}

/** RFC 3339 in UTC, with as many digits of a fraction as it needs; the same text the server writes. */
export function toText(at: Instant): string {
  const seconds = floorDiv(at, SECOND);
  const rest = at - seconds * SECOND;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return rest === 0n ? `${whole}Z` : `${whole}.${digits(rest, 9).replace(/0+$/, "")}Z`;
}

/** The parts of an instant as clocks of a zone show it. `fraction` has nine digits. */
export interface Wall {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string;
  /** What is added to UTC, in nanoseconds. */
  readonly offset: bigint;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let made = formats.get(zone);
  if (!made) {
    made = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, calendar: "iso8601", numberingSystem: "latn", hourCycle: "h23",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
    formats.set(zone, made);
  }
  return made;
}

/** Whether a text names a zone that this browser knows. */
export function isZone(zone: string): boolean {
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}

/** What clocks of a zone show at an instant. */
export function wall(at: Instant, zone: string): Wall {
  const seconds = floorDiv(at, SECOND);
  const fraction = digits(at - seconds * SECOND, 9);
  const millis = Number(seconds) * 1000;
  const local = zone === "UTC" ? millis : millis + offsetMillis(millis, zone);
  const shown = new Date(local);
  return {
    year: shown.getUTCFullYear(), month: shown.getUTCMonth() + 1, day: shown.getUTCDate(),
    hour: shown.getUTCHours(), minute: shown.getUTCMinutes(), second: shown.getUTCSeconds(),
    fraction, offset: BigInt(local - millis) * MILLI,
  };
}

function offsetMillis(millis: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const part of format(zone).formatToParts(millis)) parts[part.type] = Number(part.value);
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  return Date.UTC(year!, month! - 1, day!, hour! % 24, minute!, second!) - millis;
}

/** The instant at which clocks of a zone show a date and time; of two, the earlier. */
export function atWall(zone: string, year: number, month: number, day = 1, hour = 0, minute = 0, second = 0): Instant {
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  if (zone === "UTC") return BigInt(local) * MILLI;
  // The offset in force may differ from that at the same number in UTC: asked twice, it settles.
  const first = local - offsetMillis(local, zone);
  return BigInt(local - offsetMillis(first, zone)) * MILLI;
}

function digits(value: bigint, width: number): string {
  return value.toString().padStart(width, "0");
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** How finely a time is written. */
export type Precision = "day" | "minute" | "second" | "milli" | "micro" | "nano";
const FRACTION: Record<Precision, number> = { day: 0, minute: 0, second: 0, milli: 3, micro: 6, nano: 9 };

/** `2026-11-22 16:04:05.123` as clocks of a zone show it, without the zone. */
export function showInstant(at: Instant, zone: string, precision: Precision = "nano"): string {
  const w = wall(at, zone);
  const date = `${w.year.toString().padStart(4, "0")}-${two(w.month)}-${two(w.day)}`;
  if (precision === "day") return date;
  const time = `${two(w.hour)}:${two(w.minute)}`;
  if (precision === "minute") return `${date} ${time}`;
  const places = FRACTION[precision];
  return `${date} ${time}:${two(w.second)}${places ? `.${w.fraction.slice(0, places)}` : ""}`;
}

/** `+02:00`, or `Z` in UTC. */
export function showOffset(offset: bigint): string {
  if (offset === 0n) return "Z";
  const minutes = Number((offset < 0n ? -offset : offset) / MINUTE);
  return `${offset < 0n ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The precision that tells apart two instants that lie `step` nanoseconds apart. */
export function precisionOf(step: bigint): Precision {
  if (step >= DAY) return "day";
  if (step >= MINUTE) return "minute";
  if (step >= SECOND) return "second";
  if (step >= MILLI) return "milli";
  return step >= MICRO ? "micro" : "nano";
}

const UNITS: readonly (readonly [bigint, string])[] = [
  [365n * DAY, "y"], [DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [SECOND, "s"], [MILLI, "ms"], [MICRO, "µs"], [1n, "ns"],
];

/** A length of time in its two largest units: `3 d 4 h`, `1 ms 200 µs`. Nothing is rounded up. */
export function showLength(length: bigint): string {
  const size = length < 0n ? -length : length;
  const first = UNITS.findIndex(([unit]) => size >= unit);
  if (first < 0) return "0 ns";
  const [unit, name] = UNITS[first]!;
  const rest = size % unit;
  const next = UNITS[first + 1];
  const second = next && rest >= next[0] ? ` ${rest / next[0]} ${next[1]}` : "";
  return `${length < 0n ? "-" : ""}${size / unit} ${name}${second}`;
}
