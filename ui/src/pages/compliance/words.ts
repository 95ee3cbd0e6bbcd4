/** Modes and their points in words. */

import type { components } from "~/api/schema";
import { count } from "~/widgets/text";

export type Mode = components["schemas"]["Mode"];
export type Point = components["schemas"]["Point"];

/** How a point stands: three answers, and none of them is "compliant". */
export const standsAs = (point: Point): "held" | "not held" | "not asked for" | "not known" =>
  point.held === null ? (point.asked ? "not known" : "not asked for") : point.held ? "held" : "not held";

/** What a mode asks for beside what every log has, each floor by itself. */
export function floors(mode: Mode): string[] {
  return [
    mode.retention_days ? `evidence is kept for ${count(mode.retention_days)} days at least` : "",
    mode.verify_days ? `the whole ledger is verified ${mode.verify_days === 1 ? "daily" : `every ${mode.verify_days} days`} at least` : "",
    mode.write_once ? "archives lie where nobody can overwrite them" : "",
  ].filter(Boolean);
}

/** Whether a mode asks for less than another: then an owner sets it, and nobody else. */
export const asksForLess = (next: Mode, now: Mode): boolean =>
  next.retention_days < now.retention_days || (now.verify_days > 0 && (next.verify_days === 0 || next.verify_days > now.verify_days)) || (now.write_once && !next.write_once);
