/** A value that can be asked about: click it, or press Enter on it, for what can be done with it. */

import { createContext, createSignal, For, onCleanup, onMount, Show, useContext, type Accessor, type JSX, type ParentProps } from "solid-js";
import { useNavigate } from "@solidjs/router";
import { quoted } from "~/base/query";
import { copy } from "~/widgets/text";

/** What a value is, as far as the menu needs it. */
export interface Value {
  readonly name: string;
  readonly value: string;
  readonly term: string | undefined;
  readonly entity: string | undefined;
}

interface About {
  readonly onTerm: (term: string, exclude: boolean) => void;
  readonly id: string;
  readonly citation: () => string;
}

interface Open {
  readonly value: Value;
  readonly at: DOMRect;
  readonly from: HTMLElement;
}

const Context = createContext<{ open: (one: Open) => void; shown: Accessor<Open | undefined> }>();

/** Offers the menu to all values inside. */
export function Pivots(props: ParentProps<About>): JSX.Element {
  const [shown, setShown] = createSignal<Open>();
  return (
    <Context.Provider value={{ open: setShown, shown }}>
      {props.children}
      <Show when={shown()} keyed>{(one) => <Menu {...props} open={one} close={() => { setShown(); one.from.focus(); }} />}</Show>
    </Context.Provider>
  );
}

/** A value, shown as what it is. */
export function Pivot(props: ParentProps<{ of: Value; class?: string }>): JSX.Element {
  const menu = useContext(Context)!;
  return (
    <button
      class={`pivot mono ${props.class ?? ""}`} aria-haspopup="menu" title={`${props.of.name}: what can be done with it`}
      aria-expanded={menu.shown()?.value === props.of}
      onClick={(event) => menu.open({ value: props.of, at: event.currentTarget.getBoundingClientRect(), from: event.currentTarget })}
    >
      {props.children ?? props.of.value}
    </button>
  );
}

interface Item {
  readonly label: string;
  readonly run: () => void;
}

function Menu(props: About & { open: Open; close: () => void }): JSX.Element {
  let element!: HTMLDivElement;
  const go = useNavigate();
  const one = (): Value => props.open.value;
  const items = (): Item[] => [
    ...(one().term === undefined ? [] : [
      { label: "Ask for it: filter in", run: () => props.onTerm(one().term!, false) },
      { label: "Leave it out: filter out", run: () => props.onTerm(one().term!, true) },
      { label: "All events that say this", run: () => go(`/timeline?q=${encodeURIComponent(one().term!)}`) },
    ]),
    ...(one().entity === undefined ? [] : [{ label: "What is known of it", run: () => go(one().entity!) }]),
    { label: "What belongs with this event", run: () => go(`/chains/${encodeURIComponent(props.id)}`) },
    { label: "Copy", run: () => void copy(one().value) },
    { label: "Copy as JSON", run: () => void copy(JSON.stringify({ [one().name]: one().value })) },
    ...(one().term === undefined ? [] : [{ label: "Copy as a term", run: () => void copy(one().term!) }]),
    { label: "Copy as a citation", run: () => void copy(`${one().name} ${quoted(one().value)}: ${props.citation()}`) },
  ];
  const buttons = (): HTMLButtonElement[] => [...element.querySelectorAll("button")];
  const outside = (event: Event): void => void (!element.contains(event.target as Node) && props.close());
  onMount(() => {
    element.showPopover();
    const { at } = props.open;
    const box = element.getBoundingClientRect();
    element.style.left = `${Math.max(4, Math.min(at.left, innerWidth - box.width - 4))}px`;
    element.style.top = `${at.bottom + box.height + 4 > innerHeight ? Math.max(4, at.top - box.height - 2) : at.bottom + 2}px`;
    buttons()[0]?.focus();
    document.addEventListener("pointerdown", outside, true);
    addEventListener("resize", props.close);
  });
  onCleanup(() => {
    document.removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", props.close);
  });
  function keys(event: KeyboardEvent): void {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]!.focus();
    else if (event.key === "Escape" || event.key === "Tab") props.close();
    else if (event.key !== "Enter" && event.key !== " ") return;
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== " ") event.preventDefault();
  }
  return (
    <div ref={element} class="pivot-menu" role="menu" aria-label={`What can be done with ${one().value.slice(0, 80)}`} popover="manual" onKeyDown={keys}>
      <p class="mono faint">{one().term ?? one().name}</p>
      <For each={items()}>
        {(item) => <button role="menuitem" tabindex="-1" onClick={() => { props.close(); item.run(); }}>{item.label}</button>}
      </For>
    </div>
  );
}
