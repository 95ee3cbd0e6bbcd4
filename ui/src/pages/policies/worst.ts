/** The order results are read in, and what a push came to. */

interface Judged {
  readonly result: "pass" | "fail" | "indeterminate" | "waived";
  readonly action: string;
}

const ORDER = { fail: 0, indeterminate: 1, waived: 2, pass: 3 } as const;
const ACTS: Record<string, number> = { block: 0, warn: 1, pass: 2 };

/** Failures first, and of what is alike that which blocks first. */
export function worst<T extends Judged>(results: readonly T[]): T[] {
  return results.toSorted((a, b) => ORDER[a.result] - ORDER[b.result] || (ACTS[a.action] ?? 0) - (ACTS[b.action] ?? 0));
}

export type End = "passed" | "warned" | "blocked" | "undecided";

/** How a push ended: what blocks, what only warns. */
export const endOf = (outcome: { readonly passed: boolean; readonly blocked: boolean }): End => (outcome.blocked ? "blocked" : outcome.passed ? "passed" : "warned");
