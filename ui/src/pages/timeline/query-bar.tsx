/** Where one asks: names and values are completed as one types, and a fault is shown under its column. */

import { createEffect, createSignal, For, on, Show, type JSX } from "solid-js";
import { Problem } from "~/api/problem";
import { quoted } from "~/base/query";
import { offer } from "~/state/commands";
import { Icon } from "~/widgets/icon";
import { sentence } from "~/widgets/states";
import { askFacets, type Facet } from "./facets";
import { FIELDS, isRepeated } from "./fields";
import type { View } from "./view";

const MOST = 12;
/** As many values as are asked for at once. */
const FREQUENT = 200;
const RESTS_MS = 180;
const WORD = /(?:^|[\s(])-?((?:[A-Za-z_][A-Za-z0-9_.]*:)?(?:"[^"]*|[^\s()"]*))$/;

interface Choice {
  readonly text: string;
  readonly note: string;
  /** Whether a value follows it. */
  readonly isName?: boolean;
}

/** The part of a query before the caret that is being written: its beginning, its field, the value so far. */
export function partAt(query: string, caret: number): { from: number; field: string | undefined; written: string } {
  const found = WORD.exec(query.slice(0, caret));
  const word = found?.[1] ?? "";
  const from = caret - word.length;
  const colon = word.indexOf(":");
  if (colon < 0) return { from, field: undefined, written: word };
  return { from: from + colon + 1, field: word.slice(0, colon), written: word.slice(colon + 1).replace(/^"/, "") };
}

/** Values of a field that have some letters: of the most frequent, and where too few of those do, of all there are. */
async function valuesLike(field: string, written: string): Promise<Facet["values"]> {
  const letters = written.toLowerCase();
  const has = (facet: Facet | undefined): Facet["values"] => facet?.values.filter((one) => one.value.toLowerCase().includes(letters)) ?? [];
  const [frequent] = await askFacets("", undefined, field, FREQUENT);
  const found = has(frequent);
  // In quotes a star is a star: what has to be quoted is looked for among the frequent alone.
  if (found.length >= MOST || !frequent || frequent.distinct <= frequent.values.length || !/^[\w.@-]+$/.test(written)) return found;
  const [rare] = await askFacets(`${field}:*${written}*`, undefined, field, FREQUENT);
  return [...found, ...has(rare).filter((one) => !found.some((other) => other.value === one.value))];
}

export function QueryBar(props: { view: View; failure: unknown }): JSX.Element {
  let input!: HTMLInputElement;
  const [typed, setTyped] = createSignal(props.view.query());
  const [choices, setChoices] = createSignal<readonly Choice[]>([]);
  const [at, setAt] = createSignal(-1);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  /** The query that was asked here, until it is known whether it is understood. */
  let left: string | undefined;
  createEffect(on(props.view.query, (query) => setTyped(query)));
  offer({ id: "query", title: "Ask: go to the query", group: "Timeline", keys: ["/"], run: () => input.focus() });
  /** What lies under the query goes on by keys; where one did not understand, one goes on here. */
  function leave(): void {
    close();
    left = typed().trim();
    props.view.ask(left);
    (document.querySelector<HTMLElement>(".list-scroll") ?? document.getElementById("main"))?.focus();
  }
  const fault = (): Problem | undefined => (props.failure instanceof Problem && props.failure.column !== undefined ? props.failure : undefined);
  createEffect(on(fault, (problem) => {
    const at = document.activeElement;
    if (problem && left === props.view.query() && (at === document.body || at?.matches(".list-scroll, #main"))) input.focus();
    left = undefined;
  }, { defer: true }));

  function close(): void {
    clearTimeout(timer);
    asked++;
    setChoices([]);
    setAt(-1);
  }
  function complete(): void {
    const part = partAt(input.value, input.selectionStart ?? input.value.length);
    setAt(-1);
    clearTimeout(timer);
    if (part.field === undefined) {
      const written = part.written.toLowerCase();
      return void setChoices(written ? FIELDS.filter((one) => one.startsWith(written)).slice(0, MOST).map((one) => ({ text: one.includes(":") ? one : `${one}:`, note: "field", isName: true })) : []);
    }
    const number = ++asked;
    const { field, written } = part;
    if (!isRepeated(field)) {
      const names = FIELDS.filter((one) => one.startsWith(`${field}:${written.toLowerCase()}`)).map((one) => one.slice(field.length + 1));
      const isName = field === "key";
      return void setChoices(names.map((name) => ({ text: isName ? `${name}=` : name, note: isName ? "kind" : "", isName })));
    }
    timer = setTimeout(() => {
      valuesLike(field, written).then(
        (found) => {
          if (number !== asked) return;
          setChoices(found.slice(0, MOST).map((one) => ({ text: one.value, note: one.count.toLocaleString("en-GB") })));
        },
        // A field nobody knows has no values; the query itself will say so.
        () => number === asked && setChoices([]),
      );
    }, RESTS_MS);
  }
  function choose(choice: Choice): void {
    const caret = input.selectionStart ?? input.value.length;
    const part = partAt(input.value, caret);
    const isField = part.field === undefined;
    const text = choice.isName ? choice.text : `${/^[A-Za-z0-9][A-Za-z0-9._@-]*$/.test(choice.text) ? choice.text : quoted(choice.text)} `;
    const rest = input.value.slice(caret).replace(isField ? /^[^\s()]*/ : /^[^\s()"]*"?\s?/, "");
    const value = input.value.slice(0, part.from) + text + rest;
    setTyped(value);
    input.value = value;
    const place = part.from + text.length;
    input.setSelectionRange(place, place);
    close();
    if (isField) complete();
  }
  function key(event: KeyboardEvent): void {
    const size = choices().length;
    if (event.key === "Escape") {
      if (size) close();
      else input.blur();
    } else if (size && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const next = at() + (event.key === "ArrowDown" ? 1 : -1);
      setAt(next < -1 ? size - 1 : next >= size ? -1 : next);
    } else if (event.key === "Tab" && size && !event.shiftKey) {
      event.preventDefault();
      choose(choices()[Math.max(0, at())]!);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (at() >= 0) return choose(choices()[at()]!);
      leave();
    }
  }
  return (
    <div class="query">
      <div class="query-field" classList={{ wrong: fault() !== undefined }}>
        <Icon name="search" />
        <input
          ref={input} class="mono" type="text" spellcheck={false} autocomplete="off" placeholder='Ask: failed password, actor:alice severity:>=high, ip:192.0.2.0/24, type:auth.* -outcome:success'
          aria-label="Query" role="combobox" aria-expanded={choices().length > 0} aria-controls="query-choices" aria-autocomplete="list"
          aria-activedescendant={at() >= 0 ? `query-choice-${at()}` : undefined} aria-invalid={fault() !== undefined} aria-describedby={fault() ? "query-fault" : undefined}
          value={typed()} onInput={(event) => { setTyped(event.currentTarget.value); complete(); }} onKeyDown={key} onBlur={() => setTimeout(close, 120)}
        />
        <Show when={typed() && typed() === props.view.query()}>
          <button class="button bare icon" aria-label="Ask for everything" onClick={() => props.view.ask("")}><Icon name="close" size={12} /></button>
        </Show>
        <Show when={typed().trim() !== props.view.query()}>
          <button class="button bare" onClick={leave}>Ask <kbd>Enter</kbd></button>
        </Show>
      </div>
      <Show when={choices().length > 0}>
        <ul id="query-choices" class="query-choices" role="listbox" aria-label="Completions">
          <For each={choices()}>
            {(choice, place) => (
              <li id={`query-choice-${place()}`} role="option" aria-selected={place() === at()} onPointerDown={(event) => { event.preventDefault(); choose(choice); }}>
                <span class="mono">{choice.text}</span><span class="quiet">{choice.note}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={fault()}>
        {(problem) => (
          <div id="query-fault" class="query-fault" role="alert">
            <pre>{`${props.view.query()}\n${" ".repeat(Math.max(0, problem().column! - 1))}^`}</pre>
            <span>{sentence(problem().message)} {problem().body.expected ? `Expected: ${problem().body.expected}. ` : ""}{sentence(problem().body.hint)}</span>
          </div>
        )}
      </Show>
    </div>
  );
}
