/** Chooses a case by some letters of its name; the last of the list makes one of that name. */

import { createEffect, createSignal, For, on, onMount, Show, untrack, type JSX } from "solid-js";
import { casesLike, isShut, type Case } from "~/api/cases";
import { load } from "~/state/load";
import { Failed } from "./states";
import { count } from "./text";
import "./pin.css";

/** A case that is there, or the name of one that is to be made. */
export type Choice = { readonly case: Case } | { readonly name: string };

const MOST = 8;
const PAUSE_MS = 120;
const LONGEST = 200;

/** @param props.first the case that is chosen before anybody typed. */
export function CaseChoice(props: { choose: (choice: Choice | undefined) => void; first?: Case | undefined }): JSX.Element {
  const first = untrack(() => props.first);
  let input!: HTMLInputElement;
  const [typed, setTyped] = createSignal(first?.name ?? "");
  const [asked, setAsked] = createSignal("");
  const [at, setAt] = createSignal(0);
  const [taken, setTaken] = createSignal<Choice | undefined>(first && { case: first });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const found = load(asked, (letters) => casesLike(letters, MOST));
  const named = (): string => typed().trim();
  // What came for other letters is not offered for these: Enter would take a case that nobody asked for.
  const there = (): readonly Case[] => (found.value() ?? []).filter((one) => one.name.toLowerCase().includes(named().toLowerCase()));
  const isNew = (): boolean => named() !== "" && !named().includes("/") && !there().some((one) => one.name === named());
  const rows = (): Choice[] => [...there().map((one) => ({ case: one })), ...(isNew() ? [{ name: named() }] : [])];

  function type(text: string): void {
    setTyped(text);
    setTaken(undefined);
    clearTimeout(timer);
    timer = setTimeout(() => setAsked(text.trim()), PAUSE_MS);
  }
  function take(choice: Choice | undefined): void {
    if (!choice || ("case" in choice && isShut(choice.case.status))) return;
    setTaken(choice);
    setTyped("case" in choice ? choice.case.name : choice.name);
  }
  function keys(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const size = rows().length;
    if (step && size && !taken()) {
      event.preventDefault();
      setAt((at() + step + size) % size);
    } else if (event.key === "Enter" && !taken()) {
      // Chosen first, sent by the next one: nobody pins to what was only highlighted.
      event.preventDefault();
      take(rows()[at()]);
    }
  }
  /** A name that is no case's is what was meant, once the hand goes on to the next field. */
  function leave(): void {
    const [only, ...others] = rows();
    if (!taken() && !found.busy() && asked() === named() && only && "name" in only && others.length === 0) take(only);
  }
  // It may come when its dialog has been opened already, which looks for what is to have the focus but then.
  onMount(() => input.focus());
  createEffect(on(taken, (choice) => props.choose(choice)));
  createEffect(on(() => rows().length, () => setAt(0)));

  return (
    <div class="stack tight">
      <label for="case-choice">Case</label>
      <input
        ref={input} id="case-choice" class="field" role="combobox" aria-expanded={!taken() && rows().length > 0} aria-controls="case-choices" aria-autocomplete="list"
        aria-activedescendant={!taken() && rows().length ? `case-choice-${at()}` : undefined} placeholder="Some letters of its name, or a new name"
        autofocus autocomplete="off" maxlength={LONGEST} value={typed()} onFocus={(event) => taken() && event.currentTarget.select()} onInput={(event) => type(event.currentTarget.value)} onKeyDown={keys} onBlur={leave}
      />
      <Show when={!taken() && rows().length}>
        <ul id="case-choices" class="case-choices" role="listbox" aria-label="Cases">
          <For each={rows()}>
            {(row, index) => (
              <li
                id={`case-choice-${index()}`} role="option" aria-selected={index() === at()} aria-disabled={"case" in row && isShut(row.case.status)}
                onPointerMove={() => setAt(index())} onClick={() => take(row)}
              >
                {"case" in row ? (
                  <>
                    <span class="spread">{row.case.name}</span>
                    <span class="quiet">{row.case.status}, {count(row.case.events)} pinned</span>
                  </>
                ) : <span>Make a new case called <strong>{row.name}</strong></span>}
              </li>
            )}
          </For>
        </ul>
        <p class="quiet">Arrows and Enter choose one.</p>
      </Show>
      <Show when={!taken()}>
        <Show when={found.error()}>{(cause) => <Failed error={cause()} />}</Show>
        <Show when={!found.busy() && !found.error() && rows().length === 0}>
          <p class="quiet">{named().includes("/") ? "A name has no “/”." : "There is no case yet: type the name of a new one."}</p>
        </Show>
      </Show>
      <Show when={taken()}>
        {(choice) => <p class="quiet">{"name" in choice() ? "It is made when you pin: Enter does." : taken() === undefined || first?.id !== (taken() as { case: Case }).case.id ? "Chosen: Enter pins." : "Pinned to last. Type for another."}</p>}
      </Show>
    </div>
  );
}
