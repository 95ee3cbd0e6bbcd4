/** Figures of sessions in words. */

import type { components } from "~/api/schema";

export type SessionRow = components["schemas"]["SessionSummary"];
export type SessionWhole = components["schemas"]["Session"];
export type SessionItem = components["schemas"]["SessionItem"];
export type Coverage = components["schemas"]["SessionCoverage"];
type Cost = components["schemas"]["SessionCost"];
type Tokens = components["schemas"]["SessionTokens"];

const CENTS = 2;
const SMALL = 4;

/** All tokens, whatever their kind; reasoning is part of what was put out. */
export const allTokens = (of: Tokens): number => of.input + of.output + of.cache_read + of.cache_write_5m + of.cache_write_1h;

/** US dollars for the eye; what is not known is said, never shown as nothing. */
export function costText(of: Cost): string {
  if (of.usd !== null) return dollars(of.usd);
  return Number(of.priced_usd ?? 0) > 0 ? `${dollars(of.priced_usd ?? "0")} + ?` : "no price";
}

function dollars(text: string): string {
  const amount = Number(text);
  return `$${amount.toFixed(amount < 1 ? SMALL : CENTS)}`;
}

/** What the coverage of a session comes to, in a few words. */
export function coverageText(of: Coverage): string {
  if (of.share !== null) return `${(of.share * 100).toFixed(of.share === 1 ? 0 : 1)} %`;
  return of.witnesses.length === 1 ? `${of.witnesses[0]} only` : "unknown";
}
