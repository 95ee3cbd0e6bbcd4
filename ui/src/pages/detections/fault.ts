/** Where in a pattern's text the server found a fault. */

import { Problem } from "~/api/problem";

export interface Fault {
  readonly line: number;
  readonly column: number;
  /** What is wrong, without the place. */
  readonly said: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;
}

const PLACE = /^the pattern(?:, line (\d+), column (\d+))?: (.*)$/s;

/** The fault a problem tells of; `undefined` if it is about something else. Lines and columns count from 1; 0: no place. */
export function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof Problem)) return undefined;
  const found = PLACE.exec(error.message);
  if (!found) return undefined;
  return { line: Number(found[1] ?? 0), column: Number(found[2] ?? 0), said: found[3]!, expected: error.body.expected, got: error.body.got };
}
