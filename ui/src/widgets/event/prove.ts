/**
 * Proves one event in this browser, step by step: its bytes are what a leaf commits to, the leaf is in a signed tree,
 * and the signature is by a key that somebody here compared and pinned. Each step says what was done and what came of it.
 */

import { Bad, fromBase64, fromHex, toHex, type Bytes } from "~/base/proof/bytes";
import { CannotVerify } from "~/base/proof/ed25519";
import { checkOpening, parseLeaf, type Leaf } from "~/base/proof/leaf";
import { leafHash, rootOf } from "~/base/proof/merkle";
import { headOf, Note, VerifierKey, type Head } from "~/base/proof/note";
import { parseProof } from "~/base/proof/tlog_proof";

/** `unsure` is no fault: what would decide it is not here. */
export type State = "good" | "bad" | "unsure" | "waiting";

export interface Step {
  readonly name: string;
  readonly state: State;
  readonly words: string;
  readonly expected?: string;
  readonly got?: string;
}

/** What the server gave for an event. */
export interface Given {
  readonly id: string;
  /** What the page shows as the event's leaf hash. */
  readonly leafHash: string;
  /** SHA-256 and length of the exact bytes, computed here; nothing if they were not read. */
  readonly bytes: { readonly digest: Bytes; readonly length: number } | undefined;
  readonly opening: { readonly leaf: string; readonly payload_sha256: string; readonly salt: string };
  readonly proof: Uint8Array;
  /** Keys pinned in this browser. */
  readonly trusted: readonly VerifierKey[];
  /** Keys the server names, to say which one signed. Never believed. */
  readonly named: readonly string[];
}

export interface Outcome {
  readonly steps: readonly Step[];
  readonly verdict: State;
  readonly head: Head | undefined;
  /** The key that signed, where it is none that was pinned: what is to be compared. */
  readonly unknown: VerifierKey | undefined;
}

export const STEPS = ["Exact bytes", "Leaf", "Inclusion", "Checkpoint"] as const;

/** Runs a step; what it throws is what is wrong. */
async function step(name: string, steps: Step[], run: () => Promise<Omit<Step, "name">> | Omit<Step, "name">): Promise<boolean> {
  try {
    steps.push({ name, ...(await run()) });
  } catch (error) {
    if (error instanceof CannotVerify) {
      steps.push({ name, state: "unsure", words: "This browser cannot check Ed25519 signatures. It takes a version of 2025 or later, and an address that begins with https:// or is this machine's own." });
    } else if (error instanceof Bad) {
      steps.push({ name, state: "bad", words: `${error.message[0]!.toUpperCase()}${error.message.slice(1)}.`, expected: error.expected, got: error.got });
    } else {
      throw error;
    }
  }
  return steps.at(-1)!.state !== "bad";
}

/** Every step, in order. A step that needs what an earlier one did not give is not taken. */
export async function prove(given: Given): Promise<Outcome> {
  const steps: Step[] = [];
  let leaf: Leaf | undefined;
  let head: Head | undefined;
  let unknown: VerifierKey | undefined;
  const raw = fromBase64(given.opening.leaf);
  await step(STEPS[0], steps, () => {
    leaf = parseLeaf(raw);
    const digest = given.bytes?.digest ?? fromHex(given.opening.payload_sha256);
    checkOpening(leaf, given.opening.salt, digest, given.bytes?.length ?? leaf.len);
    if (given.bytes) return { state: "good", words: `The ${given.bytes.length} bytes, hashed here with their salt, are what the leaf commits to.`, got: toHex(digest) };
    return { state: "unsure", words: "The SHA-256 that the server states is what the leaf commits to. The bytes themselves were not read here.", got: toHex(digest) };
  });
  const fits = leaf !== undefined && (await step(STEPS[1], steps, () => {
    const found = toHex(leafHash(raw));
    if (leaf!.id !== given.id.slice(0, 26)) throw new Bad("the leaf is of another entry", given.id, leaf!.id);
    if (found !== given.leafHash) throw new Bad("the leaf's hash is another than this page shows", given.leafHash, found);
    return { state: "good", words: `Its leaf says: ${leaf!.kind}, entry ${leaf!.seq} of its log, received at ${leaf!.at}.`, got: found };
  }));
  let note: Note | undefined;
  const included = fits && (await step(STEPS[2], steps, () => {
    const proof = parseProof(given.proof);
    note = new Note(proof.checkpoint);
    head = headOf(note);
    if (proof.index !== leaf!.seq) throw new Bad("the proof is of another place in the log", leaf!.seq, proof.index);
    if (head.origin !== leaf!.log) throw new Bad("the proof leads to another log's checkpoint", leaf!.log, head.origin);
    const root = toHex(rootOf(leafHash(raw), proof.index, head.size, proof.path));
    if (root !== toHex(head.root)) throw new Bad("the path does not lead to the checkpoint's root", toHex(head.root), root);
    return { state: "good", words: `A path of ${proof.path.length} hashes leads from the leaf to the root of the tree of ${head.size} entries.`, got: root };
  }));
  if (included) {
    await step(STEPS[3], steps, async () => {
      const mine = given.trusted.filter((key) => key.name === head!.origin);
      const known = mine.filter((key) => note!.signatures.some((one) => one.name === key.name && toHex(one.id) === toHex(key.id)));
      if (known.length) {
        const by = await note!.signers(known);
        return { state: "good", words: `Signed by a key of this log that you pinned in this browser (…${by[0]!.text.slice(-8)}).` };
      }
      for (const text of given.named) {
        const key = new VerifierKey(text);
        if (key.name !== head!.origin || !note!.signatures.some((one) => toHex(one.id) === toHex(key.id))) continue;
        await note!.signers([key]);
        unknown = key;
      }
      if (!unknown) throw new Bad("not signed by any key that the server names for this log", given.named.join(", "), note!.signatures.map((one) => toHex(one.id)).join(", "));
      return {
        state: "unsure",
        words: mine.length
          ? "Signed, by another key than those you pinned for this log. Keys are rotated: compare this one too."
          : "Signed, by a key that only this server vouches for. Compare it with what somebody you trust has, then pin it.",
      };
    });
  }
  const states = steps.map((one) => one.state);
  const verdict: State = states.includes("bad") ? "bad" : states.length < STEPS.length || states.includes("unsure") ? "unsure" : "good";
  return { steps, verdict, head, unknown };
}
