/** Which holds are about a case. */

import type { components } from "~/api/schema";

export type Hold = components["schemas"]["Hold"];

/** Whether a hold names the case, by id or name, or holds everything. */
export function aboutCase(hold: Hold, id: string, name: string): boolean {
  if (hold.criteria["everything"]) return true;
  // A query that leaves the case out holds what is not in it.
  const terms = [...(hold.criteria["q"] ?? "").matchAll(/(^|[\s(])case:("(?:[^"\\]|\\.)*"|[^\s()]+)/g)];
  return terms.some(([, , value]) => {
    const plain = value!.startsWith('"') ? value!.slice(1, -1).replaceAll(/\\(["\\])/g, "$1") : value!;
    return plain.toUpperCase() === id.toUpperCase() || plain === name;
  });
}
