/** One case: what is pinned, said, suspected, to be done in it; how it is handed over. */

import { useParams, useSearchParams } from "@solidjs/router";
import { createSignal, For, lazy, Show, Suspense, type Component, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { caseOf, isShut, type ShownCase } from "~/api/cases";
import { offer } from "~/state/commands";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Failed, Waiting } from "~/widgets/states";
import { count } from "~/widgets/text";
import { CaseProvider } from "./context";
import { Header } from "./header";
import { Timeline } from "./timeline";
import "~/styles/lists.css";
import "./page.css";

interface Tab {
  readonly id: string;
  readonly name: string;
  readonly part: Component;
  readonly size?: (one: ShownCase) => number;
}

const items = (...kinds: string[]) => (one: ShownCase): number => kinds.reduce((all, kind) => all + (one.items[kind] ?? 0), 0);

const TABS: readonly Tab[] = [
  { id: "timeline", name: "Timeline", part: Timeline },
  { id: "pins", name: "Pins", part: lazy(() => import("./pins")), size: (one) => one.events },
  { id: "notes", name: "Notes", part: lazy(() => import("./notes")), size: items("note") },
  { id: "hypotheses", name: "Hypotheses", part: lazy(() => import("./hypotheses")), size: items("hypothesis") },
  { id: "tasks", name: "Tasks", part: lazy(() => import("./tasks")), size: items("task") },
  { id: "named", name: "Indicators and entities", part: lazy(() => import("./named")), size: items("indicator", "entity") },
  { id: "holds", name: "Holds", part: lazy(() => import("./holds")) },
  { id: "export", name: "Hand over", part: lazy(() => import("./handover")) },
  { id: "activity", name: "Activity", part: lazy(() => import("./activity")) },
];

export default function CasePage(): JSX.Element {
  const params = useParams<{ case: string }>();
  const found = load(() => params.case, (id, signal) => caseOf(id, signal));
  return (
    <Show when={found.value()} fallback={<Show when={found.error()} fallback={<Waiting what="the case" />}>{(error) => <Failed error={error()} retry={() => void found.again()} />}</Show>}>
      {(one) => <Shown one={one()} refresh={() => void found.again()} error={found.error()} />}
    </Show>
  );
}

function Shown(props: { one: ShownCase; refresh: () => void; error: unknown }): JSX.Element {
  const [params, setParams] = useSearchParams();
  const [pinnedAt, setPinnedAt] = createSignal(0);
  const tab = (): Tab => TABS.find((one) => one.id === params["tab"]) ?? TABS[0]!;
  // What a tab set stays with it: another one begins without.
  const show = (id: string): void => {
    const rest = Object.fromEntries(Object.keys(params).map((name) => [name, undefined]));
    setParams({ ...rest, tab: id === "timeline" ? undefined : id });
  };
  offer(...TABS.map((one, index) => ({ id: `case.${one.id}`, title: `Case: ${one.name.toLowerCase()}`, group: "Case", keys: [`${index + 1}`], run: () => { show(one.id); document.getElementById(`tab-${one.id}`)?.focus(); } })));
  function keys(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(tab()) + step + TABS.length) % TABS.length]!;
    show(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  }
  const context = {
    one: () => props.one,
    isOpen: () => may("cases.write") && !isShut(props.one.status),
    refresh: () => { props.refresh(); setPinnedAt((number) => number + 1); },
    pinnedAt,
  };
  return (
    <CaseProvider value={context}>
      <div class="page case">
        <Header />
        <Show when={props.error}>{(error) => <Failed error={error()} retry={() => props.refresh()} />}</Show>
        <div class="tabs" role="tablist" aria-label="Parts of the case" onKeyDown={keys}>
          <For each={TABS}>
            {(one) => (
              <button id={`tab-${one.id}`} role="tab" aria-selected={one.id === tab().id} aria-controls="tab-panel" tabindex={one.id === tab().id ? 0 : -1} onClick={() => show(one.id)}>
                {one.name}
                <Show when={one.size?.(props.one)}>{(size) => <span class="quiet"> {count(size())}</span>}</Show>
              </button>
            )}
          </For>
        </div>
        <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab().id}`}>
          <Suspense fallback={<Waiting what={tab().name.toLowerCase()} />}><Dynamic component={tab().part} /></Suspense>
        </div>
      </div>
    </CaseProvider>
  );
}
