/** What the server tells of repositories; `docs/http.md` says what each means. */

import { api, held } from "~/api/client";

export interface Repository {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly received_at: string | null;
  readonly asked_at: string | null;
  readonly failure: string;
  readonly deploy_key: string;
  readonly host_keys: readonly string[];
}

export interface Ref {
  readonly name: string;
  readonly ref: string;
  readonly kind: string;
  readonly commit: string;
}

export interface Entry {
  readonly name: string;
  readonly legible?: boolean;
  readonly kind: "folder" | "file" | "link" | "module";
  readonly mode: string;
  readonly size?: number;
}

export type Colour = readonly [line: number, from: number, to: number, kind: string];

export interface FileText {
  readonly commit: string;
  readonly path: string;
  readonly blob: string;
  readonly size: number;
  readonly language: string;
  readonly unshown: string;
  readonly lines: readonly string[];
  readonly colours: readonly Colour[];
}

export const CLASSES = ["ai", "mixed", "human", "unknown"] as const;
export type Class = (typeof CLASSES)[number];
export type Summary = Readonly<Record<Class, number>>;

export interface Range {
  readonly start: number;
  readonly end: number;
  readonly class: Class;
  readonly grade: string;
  readonly session: string;
  readonly call: string;
  readonly prompt: string;
  readonly agent: string;
  readonly model: string;
  readonly person: string;
}

export interface Scope {
  readonly name: string;
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly summary: Summary;
}

export interface Lines {
  readonly commit: string;
  readonly lines: number;
  readonly unread: string;
  readonly ranges: readonly Range[];
  readonly summary: Summary;
  readonly scopes: readonly Scope[];
  readonly unscoped: string;
}

export interface Person {
  readonly name: string;
  readonly mail: string;
  readonly at: string;
}

export interface Commit {
  readonly oid: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly subject: string;
  readonly message: string;
  readonly files: number;
  readonly added: number;
  readonly removed: number;
}

export interface HunkLine {
  readonly kind: " " | "-" | "+";
  readonly text: string;
  readonly old?: number;
  readonly new?: number;
  readonly no_newline?: boolean;
}

export interface Hunk {
  readonly old: readonly [number, number];
  readonly new: readonly [number, number];
  readonly heading: string;
  readonly lines: readonly HunkLine[];
}

export interface Changed {
  readonly status: string;
  readonly path: string;
  readonly legible?: boolean;
  readonly before?: string;
  readonly old_mode?: string;
  readonly mode: string;
  readonly added: number | null;
  readonly removed: number | null;
  readonly binary: boolean;
  readonly hunks: readonly Hunk[];
  readonly omitted?: string;
}

export interface OneCommit extends Omit<Commit, "files"> {
  readonly files: readonly Changed[];
  readonly files_changed: number;
  /** The entry of its last seal; empty while there is none. */
  readonly seal: string;
  readonly against: number;
}

const at = <T>(answer: Promise<{ data?: unknown }>): Promise<T> => held(answer) as Promise<T>;

export const repositories = async (): Promise<readonly Repository[]> =>
  (await at<{ repositories: readonly Repository[] }>(api.GET("/v1/code/repositories"))).repositories;

const within = (repository: string): { path: { repository: string } } => ({ path: { repository } });

export const refsOf = (repository: string): Promise<{ head: string; refs: readonly Ref[]; seen: number }> =>
  at(api.GET("/v1/code/repositories/{repository}/refs", { params: within(repository) }));

interface Where {
  readonly repository: string;
  readonly rev: string;
  readonly path: string;
}

const asked = (where: Where): { path: { repository: string }; query: { rev: string; path: string } } => ({ ...within(where.repository), query: { rev: where.rev, path: where.path } });

export const treeOf = (where: Where, signal: AbortSignal): Promise<{ commit: string; entries: readonly Entry[] }> =>
  at(api.GET("/v1/code/repositories/{repository}/tree", { params: asked(where), signal }));

export const fileOf = (where: Where, signal: AbortSignal): Promise<FileText> =>
  at(api.GET("/v1/code/repositories/{repository}/file", { params: asked(where), signal }));

export const linesOf = (where: Where, signal: AbortSignal): Promise<Lines> =>
  at(api.GET("/v1/code/repositories/{repository}/lines", { params: asked(where), signal }));

export const commitsOf = (where: Where, cursor: string | undefined, signal: AbortSignal): Promise<{ commits: readonly Commit[]; next_cursor?: string }> =>
  at(api.GET("/v1/code/repositories/{repository}/commits", {
    params: { ...within(where.repository), query: { rev: where.rev, path: where.path, limit: 100, ...(cursor ? { cursor } : {}) } }, signal,
  }));

export const commitOf = (repository: string, oid: string, parent: number, path: string, signal: AbortSignal): Promise<OneCommit> =>
  at(api.GET("/v1/code/repositories/{repository}/commits/{oid}", { params: { path: { repository, oid }, query: { parent, path } }, signal }));
