/**
 * Files on their way in: read for their digest, sent piece by piece, then taken in. They go on whatever page is shown.
 *
 * One file is sent and one is taken in at a time. A lost connection is waited for; a page that was left goes on when
 * the same file is given again, where its last acknowledged piece ended.
 */

import { createStore, produce } from "solid-js/store";
import { api, held, lines, raw } from "~/api/client";
import { Problem } from "~/api/problem";
import { toHex } from "~/base/proof/bytes";
import { Sha256 } from "~/base/proof/sha256";
import type { ImportReport } from "~/base/report";

export interface Reading {
  readonly source?: string;
  readonly format?: string;
  readonly zone?: string;
  readonly year?: number;
}

/** What the server would read a file, or a member of it, as. */
export interface Explained {
  readonly file: string;
  readonly skipped?: string;
  readonly format?: string;
  readonly confidence?: number;
  readonly why?: string;
  readonly source?: string;
  readonly others?: Record<string, number>;
}

export type Stage = "queued" | "reading" | "sending" | "paused" | "away" | "asking" | "approved" | "taking" | "done" | "failed";

export interface Coming {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  stage: Stage;
  /** Bytes read or sent in the stage it is in. */
  done: number;
  /** Bytes a second, of late. */
  rate: number;
  id?: string;
  reading: Reading;
  /** Whether a person says yes before it is taken in. */
  ask: boolean;
  explained?: readonly Explained[];
  progress?: { readonly records: number; readonly share: number; readonly seconds: number };
  report?: ImportReport;
  error?: unknown;
  /** The server does not answer at present. */
  waiting?: boolean;
}

const [coming, setComing] = createStore<Coming[]>([]);
export { coming };

const SLICE = 1 << 20;
const TURN_MS = 2000;
const PATIENCE_MS = [1000, 2000, 5000, 10_000, 30_000];
const files = new Map<number, File>();
const digests = new Map<number, string>();
const stops = new Map<number, AbortController>();
let last = 0;
let piece = 8 << 20;
let isSending = false;
let isTaking = false;

function change(key: number, how: (one: Coming) => void): void {
  setComing((one) => one.key === key, produce(how));
}

const find = (key: number): Coming | undefined => coming.find((one) => one.key === key);

/** Whether something goes on that leaving the page would cut short. */
export const isBusy = (): boolean => coming.some((one) => ["queued", "reading", "sending", "taking", "approved"].includes(one.stage));

addEventListener("beforeunload", (event) => {
  if (isBusy()) event.preventDefault();
});

/** Find what was begun before this page was opened: it waits for its files. */
export async function recall(): Promise<void> {
  const found = await held(api.GET("/v1/uploads"));
  piece = found.piece_bytes;
  for (const one of found.uploads) {
    // A file that was just given may be there already while its own answer is still on the way.
    if (coming.some((known) => known.id === one.id || (known.id === undefined && known.name === one.name && known.size === one.size))) continue;
    const reading: Reading = {
      format: one.format, ...(one.source ? { source: one.source } : {}), ...(one.zone ? { zone: one.zone } : {}), ...(one.year ? { year: one.year } : {}),
    };
    const key = ++last;
    setComing(coming.length, { key, name: one.name, size: one.size, stage: one.complete ? "asking" : "away", done: one.offset, rate: 0, id: one.id, reading, ask: true });
    if (one.complete) void explain(key);
  }
}

/** Give files to be taken in. */
export function give(given: readonly { file: File; name: string }[], reading: Reading, ask: boolean): void {
  for (const { file, name } of given) {
    const known = coming.find((one) => one.name === name && one.size === file.size && (one.stage === "away" || one.stage === "paused"));
    const key = known?.key ?? ++last;
    files.set(key, file);
    if (known) change(key, (one) => { one.stage = "queued"; one.ask = ask; });
    else if (file.size === 0) setComing(coming.length, { key, name, size: 0, stage: "failed", done: 0, rate: 0, reading, ask, error: new Error("The file is empty: there is nothing to take in.") });
    else setComing(coming.length, { key, name, size: file.size, stage: "queued", done: 0, rate: 0, reading, ask });
  }
  void sendAll();
}

export function pause(key: number): void {
  const one = find(key);
  if (!one || !["queued", "reading", "sending"].includes(one.stage)) return;
  change(key, (it) => { it.stage = "paused"; });
  stops.get(key)?.abort();
}

export function goOn(key: number): void {
  if (find(key)?.stage !== "paused") return;
  change(key, (one) => { one.stage = "queued"; });
  void sendAll();
}

/** Try again what failed: to send it, or to take in what was sent. */
export function again(key: number): void {
  const one = find(key);
  if (one?.stage !== "failed") return;
  const isSent = one.id !== undefined && one.done === one.size;
  change(key, (it) => { delete it.error; it.stage = isSent ? "asking" : "queued"; });
  if (isSent) void explain(key);
  else void sendAll();
}

/** Let a file go, and what came of it at the server. */
export async function drop(key: number): Promise<void> {
  stops.get(key)?.abort();
  const one = find(key);
  setComing((all) => all.filter((it) => it.key !== key));
  files.delete(key);
  digests.delete(key);
  if (one?.id !== undefined && one.stage !== "done") {
    await api.DELETE("/v1/uploads/{upload}", { params: { path: { upload: one.id } } }).catch((error: unknown) => {
      if (!(error instanceof Problem && error.isUnknown)) throw error;
    });
  }
}

/** Say yes: take it in as it is to be read. */
export function approve(key: number, reading: Reading): void {
  change(key, (one) => { one.stage = "approved"; one.reading = reading; });
  void takeAll();
}

/** What a file would be read as, for a person to say yes to. */
export async function explain(key: number, reading?: Reading): Promise<void> {
  const one = find(key);
  if (!one?.id) return;
  try {
    const body = reading ?? one.reading;
    const found = await held(api.POST("/v1/uploads/{upload}/explain", { params: { path: { upload: one.id } }, body: { format: "auto", ...body } }));
    change(key, (it) => { it.explained = found as unknown as Explained[]; it.reading = body; });
  } catch (error) {
    change(key, (it) => { it.stage = "failed"; it.error = error; });
  }
}

async function sendAll(): Promise<void> {
  if (isSending) return;
  isSending = true;
  try {
    for (let next = coming.find((one) => one.stage === "queued"); next; next = coming.find((one) => one.stage === "queued")) {
      const stop = new AbortController();
      stops.set(next.key, stop);
      try {
        await send(next.key, stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) change(next.key, (one) => { one.stage = "failed"; one.error = error; });
      }
    }
  } finally {
    isSending = false;
  }
}

/** How fast it goes, over the last second or so. */
function meter(key: number): (done: number) => void {
  let from = performance.now();
  let at = 0;
  return (done) => {
    const now = performance.now();
    const elapsed = now - from;
    if (elapsed < 250 && done) return;
    change(key, (one) => {
      const rate = elapsed > 0 && done >= at ? ((done - at) / elapsed) * 1000 : 0;
      one.done = done;
      one.rate = one.rate ? one.rate * 0.6 + rate * 0.4 : rate;
    });
    from = now;
    at = done;
  };
}

async function digestOf(key: number, file: File, stop: AbortSignal): Promise<string> {
  const known = digests.get(key);
  if (known) return known;
  change(key, (one) => { one.stage = "reading"; one.done = 0; one.rate = 0; });
  const hash = new Sha256();
  const told = meter(key);
  for (let at = 0; at < file.size; at += SLICE) {
    stop.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer()));
    told(Math.min(at + SLICE, file.size));
  }
  const found = toHex(hash.digest());
  digests.set(key, found);
  return found;
}

async function send(key: number, stop: AbortSignal): Promise<void> {
  const file = files.get(key)!;
  const sha256 = await digestOf(key, file, stop);
  const { name, reading } = find(key)!;
  const modified_at = new Date(file.lastModified).toISOString();
  const begun = await patiently(key, stop, () => held(api.POST("/v1/uploads", { body: { name, size: file.size, sha256, modified_at, format: "auto", ...reading } })));
  stop.throwIfAborted();
  let offset = begun.offset;
  setComing((all) => all.filter((one) => one.key === key || one.id !== begun.id));
  change(key, (one) => { one.stage = "sending"; one.id = begun.id; one.done = offset; one.rate = 0; });
  const told = meter(key);
  told(offset);
  while (offset < file.size) {
    const from = offset;
    offset = await patiently(key, stop, async () => {
      try {
        const body = file.slice(from, from + piece);
        return offsetOf(await raw(`/v1/uploads/${begun.id}`, { method: "PATCH", body, headers: { "Upload-Offset": String(from) }, signal: stop }));
      } catch (error) {
        // An answer that was lost: the piece may be there already.
        if (error instanceof Problem && error.status === 409) return offsetOf(await raw(`/v1/uploads/${begun.id}`, { method: "HEAD", signal: stop }));
        throw error;
      }
    });
    told(offset);
  }
  change(key, (one) => { one.done = file.size; });
  files.delete(key);
  if (find(key)?.ask) {
    change(key, (one) => { one.stage = "asking"; });
    await explain(key);
  } else {
    change(key, (one) => { one.stage = "approved"; });
    void takeAll();
  }
}

const offsetOf = (answer: Response): number => Number(answer.headers.get("upload-offset"));

/** Do it again for as long as the server is only busy or away. */
async function patiently<T>(key: number, stop: AbortSignal, act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      const found = await act();
      if (tries) change(key, (one) => { one.waiting = false; });
      return found;
    } catch (error) {
      stop.throwIfAborted();
      if (!(error instanceof Problem && [408, 429, 502, 503, 504].includes(error.status))) throw error;
      if (error.code === "busy" && tries > 2) throw error;
      change(key, (one) => { one.waiting = true; });
      await new Promise((done) => setTimeout(done, PATIENCE_MS[Math.min(tries, PATIENCE_MS.length - 1)]));
      stop.throwIfAborted();
    }
  }
}

async function takeAll(): Promise<void> {
  if (isTaking) return;
  isTaking = true;
  try {
    for (let next = coming.find((one) => one.stage === "approved"); next; next = coming.find((one) => one.stage === "approved")) {
      try {
        await take(next.key);
      } catch (error) {
        if (error instanceof Problem && error.code === "busy") {
          // Somebody else's import is under way: this one waits for its turn.
          change(next.key, (one) => { one.stage = "approved"; });
          await new Promise((done) => setTimeout(done, TURN_MS));
        } else change(next.key, (one) => { one.stage = "failed"; one.error = error; });
      }
    }
  } finally {
    isTaking = false;
  }
}

async function take(key: number): Promise<void> {
  const { id, reading } = find(key)!;
  change(key, (one) => { one.stage = "taking"; });
  const body = JSON.stringify({ format: "auto", ...reading });
  const answer = await raw(`/v1/uploads/${id}/import`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  for await (const line of lines<{ progress?: Coming["progress"]; report?: ImportReport }>(answer)) {
    change(key, (one) => {
      if (line.progress) one.progress = line.progress;
      if (line.report) { one.report = line.report; one.stage = "done"; }
    });
  }
  if (find(key)?.stage === "taking") throw new Error("The server ended without a report; what was committed is kept. Take it in again: nothing is taken twice.");
}
