/** Figures of sessions in words. */

import type { components } from "~/api/schema";
import { shareText } from "~/widgets/figures";

export { allTokens, costText } from "~/widgets/figures";

export type SessionRow = components["schemas"]["SessionSummary"];
export type SessionWhole = components["schemas"]["Session"];
export type SessionItem = components["schemas"]["SessionItem"];
export type Coverage = components["schemas"]["SessionCoverage"];

/** What the coverage of a session comes to, in a few words. */
export function coverageText(of: Coverage): string {
  if (of.share !== null) return shareText(of.share);
  return of.witnesses.length === 1 ? `${of.witnesses[0]} only` : "unknown";
}
