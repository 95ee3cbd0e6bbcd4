/** What the server says when something is wrong (RFC 9457), and what is said when it cannot be reached at all. */

import type { components } from "./schema";

export type ProblemBody = components["schemas"]["Problem"] & { column?: number };

/** An answer that is an error, with all the server said of it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: ProblemBody;

  constructor(body: ProblemBody) {
    super(body.title);
    this.status = body.status;
    this.code = body.code;
    this.body = body;
  }

  /** Where in a query the fault is, from 1. */
  get column(): number | undefined {
    return this.body.column;
  }

  get isForbidden(): boolean {
    return this.status === 403;
  }

  get isUnknown(): boolean {
    return this.status === 404;
  }
}

/** Whether something failed because somebody else had changed it meanwhile. */
export const isStale = (error: unknown): boolean => error instanceof Problem && error.code === "conflict.stale";

/** The problem an answer is. One that is no problem document (a proxy's page, say) is told as what it is. */
export async function problemOf(response: Response): Promise<Problem> {
  const kind = response.headers.get("content-type") ?? "";
  if (kind.startsWith("application/problem+json")) return new Problem((await response.json()) as ProblemBody);
  return new Problem({
    type: "about:blank", title: `the server answered ${response.status}`, status: response.status || 500, code: "unknown",
    expected: "an answer of Vestige", got: kind || "an answer without a type",
  });
}

/** Nobody answered: the server is down or the network is. */
export function unreachable(cause: unknown): Problem {
  return new Problem({
    type: "about:blank", title: "the server does not answer", status: 503, code: "unreachable",
    got: cause instanceof Error ? cause.message : String(cause), hint: "see whether it runs; this page tries again when asked to",
  });
}
