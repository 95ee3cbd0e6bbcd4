/** Parts of a page, one shown at a time; which one stands in the URL. */

import { useSearchParams } from "@solidjs/router";
import { For, type JSX } from "solid-js";
import "./tabs.css";

export interface Tab {
  readonly id: string;
  readonly name: string;
  /** Said beside the name: how many there are, or that something is wrong. */
  readonly note?: string | undefined;
}

/** Links to the parts. The first one is shown where the URL names none. */
export function Tabs(props: { path: string; tabs: readonly Tab[]; label: string }): JSX.Element {
  const here = tabOf(() => props.tabs);
  return (
    <nav class="tabs" aria-label={props.label}>
      <For each={props.tabs}>
        {(tab, at) => (
          <a href={`/ui${props.path}${at() === 0 ? "" : `?tab=${tab.id}`}`} aria-current={here() === tab.id ? "page" : undefined} class="tab" classList={{ here: here() === tab.id }}>
            {tab.name}{tab.note ? <span class="note">{tab.note}</span> : null}
          </a>
        )}
      </For>
    </nav>
  );
}

/** Which part the URL names. */
export function tabOf(tabs: () => readonly Tab[]): () => string {
  const [search] = useSearchParams<{ tab?: string }>();
  return () => tabs().find((one) => one.id === search.tab)?.id ?? tabs()[0]!.id;
}
