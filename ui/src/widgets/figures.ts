/** Sums of sessions in words. */

import type { components } from "~/api/schema";

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

/** An amount as the server writes it, rounded for the eye. */
export function dollars(text: string): string {
  const amount = Number(text);
  return `${amount < 0 ? "−" : ""}$${Math.abs(amount).toFixed(Math.abs(amount) < 1 ? SMALL : CENTS)}`;
}

/** A share from 0 to 1; `unknown` where there is none. */
export const shareText = (share: number | null): string => (share === null ? "unknown" : `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)} %`);
