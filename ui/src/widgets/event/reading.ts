/** Reads the exact bytes of an event's record, hashing them as they come. That somebody read them is an act in the ledger. */

import { createSignal } from "solid-js";
import { raw } from "~/api/client";
import { concat, toHex, type Bytes } from "~/base/proof/bytes";
import { Sha256 } from "~/base/proof/sha256";

/** What is kept of a payload to be looked at; all of it is hashed. */
export const MOST_KEPT = 4 << 20;

export interface Held {
  /** The bytes, or the first {@link MOST_KEPT} of them. */
  readonly bytes: Bytes;
  readonly length: number;
  readonly digest: Bytes;
  readonly sha256: string;
  /** What the server states the digest to be. */
  readonly stated: string;
  readonly mediaType: string;
}

const [progress, setProgress] = createSignal<{ id: string; read: number }>();
/** How far the reading of an event's bytes has come. */
export const reading = (id: string): number | undefined => (progress()?.id === id ? progress()!.read : undefined);

/** @throws Problem it is redacted or erased, or who asks may not. */
export async function readBytes(id: string): Promise<Held> {
  const response = await raw(`/v1/events/${encodeURIComponent(id)}/raw`);
  const digest = new Sha256();
  const kept: Uint8Array[] = [];
  let length = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length < MOST_KEPT) kept.push(value.subarray(0, MOST_KEPT - length));
    digest.update(value);
    length += value.length;
    setProgress({ id, read: length });
  }
  setProgress();
  const found = digest.digest();
  return {
    bytes: concat(...kept), length, digest: found, sha256: toHex(found),
    stated: response.headers.get("X-Vestige-Sha256") ?? "", mediaType: response.headers.get("Content-Type") ?? "application/octet-stream",
  };
}

let told = false;
/** Whether this person was told, since the page was loaded, that reading bytes is kept in the ledger. */
export const wasTold = (): boolean => told;
export const setTold = (): void => void (told = true);
