/** Small words that appear everywhere: a time in the zone in force, a severity, a count, a digest. */

import type { JSX } from "solid-js";
import { parseInstant, showInstant, showOffset, wall, type Precision } from "~/base/instant";
import { tell } from "~/state/notices";
import { zone } from "~/state/preferences";

/** An instant the server wrote, as clocks of the zone in force show it; the server's own text is its title. */
export function Time(props: { at: string | undefined; precision?: Precision }): JSX.Element {
  const at = (): bigint | undefined => (props.at === undefined ? undefined : parseInstant(props.at));
  return (
    <time class="mono" dateTime={props.at} title={title()}>
      {at() === undefined ? (props.at ?? "no time") : showInstant(at()!, zone(), props.precision ?? "milli")}
    </time>
  );
  function title(): string {
    const found = at();
    return found === undefined ? "" : `${props.at} (shown in ${zone()}, ${showOffset(wall(found, zone()).offset)})`;
  }
}

export function Severity(props: { of: string }): JSX.Element {
  return <span class={`sev ${props.of}`}>{props.of}</span>;
}

const counts = new Intl.NumberFormat("en-GB");
/** `1,234,567`. */
export const count = (number: number): string => counts.format(number);
/** So many of something that takes an "s". */
export const counted = (number: number, one: string): string => `${count(number)} ${one}${number === 1 ? "" : "s"}`;

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];
/** `12.3 MiB`. */
export function bytes(size: number): string {
  let unit = 0;
  for (; size >= 1024 && unit < BYTES.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)} ${BYTES[unit]}`;
}

/** A digest or an id: its beginning, all of it when copied. */
export function Digest(props: { of: string; letters?: number }): JSX.Element {
  const short = (): string => (props.of.length > (props.letters ?? 16) ? `${props.of.slice(0, props.letters ?? 16)}…` : props.of);
  return (
    <button class="digest mono" title={`${props.of}: copy`} onClick={() => void copy(props.of)}>
      {short()}
    </button>
  );
}

/** Put a text on the clipboard, and say so. */
export async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  tell("Copied.", "good");
}
