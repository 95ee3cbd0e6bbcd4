/** Verifies a bundle beside the page, so that the page stays quick, and can stop it at any time. */

import { Bad } from "~/base/proof/bytes";
import { canVerify, CannotVerify } from "~/base/proof/ed25519";
import { VerifierKey } from "~/base/proof/note";
import type { Found } from "~/base/bundle/report";
import { Trust } from "~/base/bundle/trust";
import { verify, type Progress } from "~/base/bundle/verify";
import { TooLarge } from "~/base/bundle/zip";

export interface Task {
  readonly file: Blob;
  /** Keys for this bundle. */
  readonly keys: readonly string[];
  /** Keys pinned in this browser, each for its own log. */
  readonly pinned: readonly string[];
  readonly policy: string;
}

/** What the worker says: how far it is, and at the end one of the others. */
export type Said =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "found"; readonly found: Found }
  /** The keys or the policy are none. */
  | { readonly kind: "asked"; readonly message: string; readonly expected: string; readonly got: string }
  /** Nothing was said against the bundle: it could not be verified here. */
  | { readonly kind: "unable"; readonly message: string };

const TELL_MS = 100;

const say = (said: Said): void => postMessage(said);

addEventListener("message", (event: MessageEvent<Task>) => void run(event.data));

async function run(task: Task): Promise<void> {
  let trust: Trust;
  try {
    trust = new Trust(task.keys, task.policy, task.pinned.map((key) => new VerifierKey(key)));
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    say({ kind: "asked", message: error.message, expected: error.expected, got: error.got });
    return;
  }
  let last = 0;
  try {
    // Asked first: a bundle of many files should not be read only to find that nobody can check who signed it.
    if (!(await canVerify())) throw new CannotVerify("this browser cannot check Ed25519 signatures");
    const found = await verify(task.file, trust, (progress) => {
      const now = performance.now();
      if (now - last < TELL_MS) return;
      last = now;
      say({ kind: "progress", progress });
    });
    say({ kind: "found", found });
  } catch (error) {
    if (error instanceof TooLarge) say({ kind: "unable", message: `${error.message}. Verify it with \`vestige bundle verify\`, or with verify.py, which lies in it.` });
    else if (error instanceof CannotVerify) say({ kind: "unable", message: "This browser cannot check Ed25519 signatures. It takes a version of 2025 or later, and an address that begins with https:// or is this machine's own." });
    else say({ kind: "unable", message: `The file could not be read to its end: ${error instanceof Error ? error.message : String(error)}` });
  }
}
