/**
 * Asks the server. Paths, parameters and bodies are those of its OpenAPI document (`schema.d.ts`), so a change of the
 * interface that this page does not know is an error of the type checker.
 */

import createClient from "openapi-fetch";
import type { paths } from "./schema";
import { Problem, problemOf, unreachable, type ProblemBody } from "./problem";

const CSRF = "X-CSRF-Token";
const READING = new Set(["GET", "HEAD"]);
let csrf = "";
let onSignedOut: () => void = () => undefined;

/** What requests that change something repeat: only a page of ours can know it. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Called when the server no longer knows who this is. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

async function send(request: Request): Promise<Response> {
  if (csrf && !READING.has(request.method)) request.headers.set(CSRF, csrf);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreachable(cause);
  }
  if (response.ok || response.status === 304) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) onSignedOut();
  throw problem;
}

export const api = createClient<paths>({ fetch: send, credentials: "same-origin" });

/** What an answer holds. Errors were thrown as {@link Problem} before there was an answer. */
export async function held<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** An answer as it comes: bytes, a stream, or its headers; for what is no JSON. */
export function raw(path: string, init: RequestInit = {}): Promise<Response> {
  return send(new Request(path, { credentials: "same-origin", ...init }));
}

/**
 * Reads an answer of JSON lines as it comes: what long work says of itself.
 *
 * @throws Problem one of the lines is a problem.
 */
export async function* lines<T>(response: Response): AsyncGenerator<T> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += value ?? "";
    const parts = rest.split("\n");
    rest = done ? "" : parts.pop()!;
    for (const part of parts) {
      if (!part.trim()) continue;
      const line = JSON.parse(part) as { problem?: ProblemBody };
      if (line.problem) throw new Problem(line.problem);
      yield line as unknown as Awaited<T>;
    }
    if (done) return;
  }
}
