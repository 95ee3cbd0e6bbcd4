/** Above what is shown of a repository: its name, the branch, and the way to its other half. */

import { A } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { load } from "~/state/load";
import { refsOf, repositories, type Ref } from "./shapes";

const KINDS = [["branch", "Branches"], ["tag", "Tags"], ["remote", "As remotes were seen"], ["other", "Others"]] as const;

export function Head(props: { repository: string; rev: string; on: "code" | "commits"; choose: (rev: string) => void }): JSX.Element {
  const all = load(() => true, () => repositories());
  const refs = load(() => props.repository, (id) => refsOf(id));
  const name = (): string => all.value()?.find((one) => one.id === props.repository)?.name ?? "Repository";
  const of = (kind: string): readonly Ref[] => refs.value()?.refs.filter((one) => one.kind === kind && one.commit) ?? [];
  const usual = createMemo(() => refs.value()?.head ?? "");
  const isNamed = (): boolean => !props.rev || (refs.value()?.refs.some((one) => one.ref === props.rev) ?? true);
  const other = (): string => `/agents/${props.on === "code" ? "commits" : "code"}/${props.repository}${props.rev ? `?rev=${encodeURIComponent(props.rev)}` : ""}`;
  return (
    <header>
      <A href="/agents/code" class="quiet">Code</A>
      <h1 class="mono">{name()}</h1>
      <label class="choice">
        <span class="visually-hidden">Branch, tag or commit</span>
        <select class="field" onChange={(event) => props.choose(event.currentTarget.value)}>
          <Show when={!isNamed()}><option value={props.rev} selected>{props.rev.slice(0, 12)}</option></Show>
          <For each={KINDS}>
            {([kind, words]) => (
              <Show when={of(kind).length}>
                <optgroup label={words}>
                  <For each={of(kind)}>{(one) => <option value={one.ref} selected={one.ref === (props.rev || usual())}>{one.name}</option>}</For>
                </optgroup>
              </Show>
            )}
          </For>
        </select>
      </label>
      <A class="button" href={other()}>{props.on === "code" ? "Commits" : "Files"}</A>
    </header>
  );
}
