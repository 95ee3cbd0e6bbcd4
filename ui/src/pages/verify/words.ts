/** What checks and verdicts mean, for whoever did not write the verifier. */

import type { CheckName, Exit } from "~/base/bundle/report";

export const CHECK_WORDS: Readonly<Record<CheckName, string>> = {
  container: "The zip is safe to read, and its files are just those that its manifests list, with those digests",
  notes: "Every checkpoint is a signed note in its one spelling",
  keys: "Each checkpoint is signed by the log's key of its time; if you gave keys, one of them is among them",
  witnesses: "The witnesses that your policy asks for have cosigned",
  time: "Each time stamp is over a checkpoint of this bundle",
  leaves: "Each leaf is whole, and of its own place in its own log",
  inclusion: "Each entry leads to the root of the signed tree",
  consistency: "Each earlier checkpoint is the beginning of the next",
  openings: "Each record, with its salt, is what its leaf commits to",
  records: "Each record is there, or an entry says why it is not",
  holds: "Nothing was erased that a hold protected",
  history: "Each signing key was introduced by the one before it",
  complete: "Each entry of the stated ranges is there, and no file that nothing speaks of",
  statement: "The log's key signed the digest of all files together",
};

export const VERDICT_WORDS: Readonly<Record<Exit, readonly [title: string, words: string]>> = {
  0: ["Verified", "Every record is what was taken in, nothing was put in, taken out or changed, and a key that you trust says so."],
  1: ["Failed", "Something is wrong. Do not rely on this bundle; what is wrong, and where, stands below."],
  2: ["It all fits together; who made it is not known", "Every check is good, but no key that you trust stands behind it: anybody may have made all of it anew."],
  3: ["Verified, parts withheld or erased", "Every record that is shown is what was taken in. Some are not shown; the entries that say why are in the bundle, and proved."],
  4: ["Not a bundle", "This file is no evidence bundle, or it is damaged so that it cannot be opened."],
};

/** Of a bundle that holds together, and that no key given for its log has signed. */
export const OTHER_KEY_WORDS = ["Failed: not signed by a key that you trust", "All of it fits together, but none of the keys that you gave, or pinned, signed this log: you have another log's key, or somebody made the bundle anew under a key of their own. Do not rely on it until you know which."] as const;

/** Names and values of a JSON object whose values are plain; `undefined` if it is anything else, or empty. */
export function statedBy(json: string): readonly (readonly [string, string])[] | undefined {
  const found: unknown = JSON.parse(json);
  if (typeof found !== "object" || found === null || Array.isArray(found)) return undefined;
  const pairs = Object.entries(found);
  if (pairs.length === 0 || pairs.some(([, value]) => typeof value === "object" && value !== null)) return undefined;
  return pairs.map(([name, value]) => [name, String(value)] as const);
}
