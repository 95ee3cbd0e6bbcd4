/** A folder or a file of a repository, at a branch, a tag or a commit. */

import { A, useParams, useSearchParams } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { Problem } from "~/api/problem";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Empty } from "~/widgets/states";
import { bytes } from "~/widgets/text";
import { File } from "./file";
import { Head } from "./head";
import { treeOf, type Entry } from "./shapes";
import "./code.css";

interface Asked {
  [name: string]: string;
  rev: string; path: string; file: string; line: string;
}

export default function Browse(): JSX.Element {
  const params = useParams<{ repository: string }>();
  const [asked, ask] = useSearchParams<Asked>();
  const rev = (): string => asked.rev ?? "";
  const path = (): string => asked.path ?? "";
  const isFile = (): boolean => asked.file !== undefined;
  const where = createMemo(() => ({ repository: params.repository, rev: rev(), path: path() }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const tree = load(() => (isFile() ? undefined : where()), treeOf);
  const to = (next: string, file: boolean): string => {
    const query = new URLSearchParams({ ...(rev() ? { rev: rev() } : {}), ...(next ? { path: next } : {}), ...(file ? { file: "1" } : {}) });
    return `/agents/code/${params.repository}${query.size ? `?${query}` : ""}`;
  };
  const steps = (): readonly (readonly [string, string])[] => {
    const parts = path() ? path().split("/") : [];
    return parts.map((part, at) => [part, parts.slice(0, at + 1).join("/")] as const);
  };
  return (
    <div class="page code-page">
      <Head repository={params.repository} rev={rev()} on="code" choose={(next) => ask({ rev: next || undefined })} />
      <nav class="code-path mono" aria-label="Path">
        <A href={to("", false)}>top</A>
        <For each={steps()}>
          {([part, whole], at) => (
            <> / <Show when={at() < steps().length - 1} fallback={<span aria-current="page">{part}</span>}><A href={to(whole, false)}>{part}</A></Show></>
          )}
        </For>
      </nav>
      <Show when={!isFile()} fallback={<File where={where()} line={Number.parseInt(asked.line ?? "", 10) || undefined} />}>
        <Show when={!(tree.error() instanceof Problem && (tree.error() as Problem).status === 404 && !path() && !rev())} fallback={<Empty title="Nothing came yet">The repository is there, and has no commit. <code>vestige code push</code> in a working copy brings them.</Empty>}>
          <Answer of={tree} what="the folder" isFresh>
            {(found) => (
              <div class="table" tabindex="0" role="region" aria-label="Files">
                <table>
                  <thead><tr><th>Name</th><th>Kind</th><th class="number">Size</th></tr></thead>
                  <tbody><For each={found().entries}>{(one) => <Row of={one} to={to} path={path()} />}</For></tbody>
                </table>
              </div>
            )}
          </Answer>
        </Show>
      </Show>
    </div>
  );
}

function Row(props: { of: Entry; path: string; to: (path: string, file: boolean) => string }): JSX.Element {
  const whole = (): string => (props.path ? `${props.path}/${props.of.name}` : props.of.name);
  const opens = (): boolean => props.of.legible !== false && props.of.kind !== "module";
  return (
    <tr>
      <td class="mono">
        <Show when={opens()} fallback={<span title={props.of.kind === "module" ? "A submodule: another repository" : "A name that is no UTF-8 cannot be opened by it"}>{props.of.name}</span>}>
          <A href={props.to(whole(), props.of.kind !== "folder")}>{props.of.name}{props.of.kind === "folder" ? "/" : ""}</A>
        </Show>
      </td>
      <td class="quiet">{props.of.kind === "file" && props.of.mode === "100755" ? "program" : props.of.kind}</td>
      <td class="number">{props.of.size === undefined ? "" : bytes(props.of.size)}</td>
    </tr>
  );
}
