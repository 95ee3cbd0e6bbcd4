/** Bounds in words: the name of a setting says in what it counts. */

import { seconds } from "~/widgets/running";
import { bytes, count } from "~/widgets/text";

/** A bound as people read it. */
export function shown(name: string, value: number): string {
  if (name.endsWith("_BYTES")) return bytes(value);
  if (name.endsWith("_MIB")) return `${count(value)} MiB`;
  if (name.endsWith("_SECONDS")) return seconds(value);
  return count(value);
}

/** What a setting is about, from its name. */
export const about = (name: string): string => name.replace("VESTIGE_LIMIT_", "").replace(/_(BYTES|SECONDS|MIB|COUNT)$/, "").toLowerCase().replaceAll("_", " ");
