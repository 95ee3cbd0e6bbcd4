/** Where in a document of policies the server found a fault. */

import { Problem } from "~/api/problem";

export interface Fault {
  /** From 1; 0: of the whole document. */
  readonly line: number;
  readonly said: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;
}

const PLACE = /^line (\d+): (.*)$/s;

/** The fault a problem tells of; `undefined` if it is about something else. */
export function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof Problem) || error.status === 403 || error.status >= 500) return undefined;
  const found = PLACE.exec(error.message);
  if (!found && error.code !== "usage") return undefined;
  return { line: Number(found?.[1] ?? 0), said: found?.[2] ?? error.message, expected: error.body.expected || undefined, got: error.body.got || undefined };
}
