/** Takes an answer that is a file to where a person wants it: straight to disk where the browser can, else by way of memory. */

import { raw } from "./client";

export interface Saving {
  readonly name: string;
  readonly type: string;
  readonly signal?: AbortSignal;
  /** Called when the answer began, with its headers. */
  readonly began?: (headers: Headers) => void;
  /** Called with each part of it. */
  readonly part?: (bytes: Uint8Array) => void;
}

/** No file was chosen to write to: the person closed the dialog, or the browser has none to show. They look alike to a page. */
export class NoFile extends Error {}

export interface Saved {
  readonly bytes: number;
  readonly headers: Headers;
}

interface FileHandle {
  createWritable(): Promise<FileSystemWritableFileStream>;
}
type Picker = (options: { suggestedName: string; types: { accept: Record<string, string[]> }[] }) => Promise<FileHandle>;
const picker = (): Picker | undefined => (globalThis as { showSaveFilePicker?: Picker }).showSaveFilePicker;

/** Whether this browser writes to disk while it receives, so that size does not matter. */
export const writesThrough = (): boolean => picker() !== undefined;

/**
 * Ask for an answer and write it to a file that the person chooses.
 *
 * @throws NoFile nothing was asked for then.
 * @throws Problem the server refuses; nothing is written then.
 * @throws DOMException AbortError: the person gave it up.
 */
export async function saveThrough(path: string, saving: Saving): Promise<Saved> {
  const choose = picker();
  if (!choose) return saveInMemory(path, saving);
  const ending = `.${saving.name.split(".").pop()!}`;
  // Asked first: a browser lets a page ask only just after somebody pressed something.
  const file = await choose({ suggestedName: saving.name, types: [{ accept: { [saving.type]: [ending] } }] }).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === "AbortError" ? new NoFile("no file was chosen to write to") : error;
  });
  const answer = await raw(path, saving.signal ? { signal: saving.signal } : {});
  saving.began?.(answer.headers);
  const writable = await file.createWritable();
  try {
    const bytes = await each(answer, saving, (part) => writable.write(part));
    await writable.close();
    return { bytes, headers: answer.headers };
  } catch (error) {
    await writable.abort();
    throw error;
  }
}

/** Ask for an answer, hold it in memory, and hand it over as a download. Raises as {@link saveThrough} does. */
export async function saveInMemory(path: string, saving: Saving): Promise<Saved> {
  const answer = await raw(path, saving.signal ? { signal: saving.signal } : {});
  saving.began?.(answer.headers);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const bytes = await each(answer, saving, async (part) => void parts.push(part));
  download(new Blob(parts, { type: saving.type }), saving.name);
  return { bytes, headers: answer.headers };
}

async function each(answer: Response, saving: Saving, take: (part: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<number> {
  const reader = answer.body!.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
    await take(value as Uint8Array<ArrayBuffer>);
    saving.part?.(value);
  }
}

/** Hand a file over as a download. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken it by then; kept for longer it would stay in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
