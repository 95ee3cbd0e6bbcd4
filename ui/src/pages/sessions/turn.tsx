/** A prompt and what was done because of it, as a conversation; every line leads to the events it is from. */

import { A } from "@solidjs/router";
import { For, onMount, Show, type JSX } from "solid-js";
import type { components } from "~/api/schema";
import { eventPath } from "~/base/paths";
import { Time } from "~/widgets/text";
import type { SessionItem } from "./figures";

const MOST_LINKS = 2;
const kindOf = (item: SessionItem): string => item.type.replace("agent.", "").replaceAll("_", " ");
const stateOf = (item: SessionItem): string => (item.denied ? "denied" : (item.outcome ?? ""));

/** `prompt`: an entry that somebody came here for; the turn it told of is brought into view. */
export function Turn(props: { of: components["schemas"]["SessionTurn"]; prompt?: string | undefined }): JSX.Element {
  let element!: HTMLElement;
  const isMeant = (): boolean => props.prompt !== undefined && Object.values(props.of.prompt?.evidence ?? {}).some((ids) => ids.includes(props.prompt!));
  onMount(() => isMeant() && element.scrollIntoView({ block: "start" }));
  return (
    <article class="turn" ref={element} aria-current={isMeant() ? "true" : undefined}>
      <Show when={props.of.prompt} fallback={<p class="quiet">Before any prompt</p>}>
        {(prompt) => <div class="turn-prompt"><p>{prompt().text}</p><Evidence of={prompt()} /></div>}
      </Show>
      <ol class="turn-items"><For each={props.of.items}>{(item) => <Item of={item} />}</For></ol>
    </article>
  );
}

function Item(props: { of: SessionItem }): JSX.Element {
  return (
    <li class="turn-item" data-type={props.of.type} data-state={stateOf(props.of)}>
      <span class="turn-kind">{props.of.type === "agent.call" ? props.of.tool || "call" : kindOf(props.of)}</span>
      <div class="turn-said">
        <Show when={props.of.command} fallback={<span>{props.of.text}</span>}>{(command) => <code>{command()}</code>}</Show>
        <For each={props.of.edits ?? []}>
          {(edit) => <div class="mono">{edit.path} <span class="quiet">{edit.outcome === "success" ? `+${edit.lines_added ?? "?"} −${edit.lines_removed ?? "?"}` : `not changed: ${edit.outcome ?? "unknown"}`}</span></div>}
        </For>
        <For each={props.of.commits ?? []}>{(commit) => <span class="chip mono">{commit}</span>}</For>
        <Show when={props.of.subagent}>{(name) => <span class="chip">subagent {name()}</span>}</Show>
        <Show when={stateOf(props.of)}>{(state) => <span class={state() === "success" ? "quiet" : "warn"}> {state()}</span>}</Show>
      </div>
      <Evidence of={props.of} />
    </li>
  );
}

function Evidence(props: { of: SessionItem }): JSX.Element {
  return (
    <span class="turn-evidence">
      <Show when={props.of.at} fallback={<span class="faint">undated</span>}>{(at) => <Time at={at()} />}</Show>
      <For each={Object.entries(props.of.evidence)}>
        {([witness, ids]) => <For each={ids.slice(0, MOST_LINKS)}>{(id) => <A href={eventPath(id)} title={`${witness}: ${id}`}>{witness}</A>}</For>}
      </For>
    </span>
  );
}
