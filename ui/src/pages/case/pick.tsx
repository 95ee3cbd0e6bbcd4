/** Finds an event to speak of: among those of the case, or anywhere. */

import { createEffect, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { load } from "~/state/load";
import { Dialog } from "~/widgets/dialog";
import { EventLine } from "~/widgets/event-line";
import { Failed } from "~/widgets/states";
import { useCase } from "./context";

const MOST = 50;
const PAUSE_MS = 250;

export function PickEvent(props: { title: string; choose: (event: EventShape) => void; close: () => void }): JSX.Element {
  const { one } = useCase();
  const [typed, setTyped] = createSignal("");
  const [asked, setAsked] = createSignal("");
  const [anywhere, setAnywhere] = createSignal(one().events === 0);
  const [at, setAt] = createSignal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const found = load(() => JSON.stringify([asked(), anywhere()]), async (_key, signal) => {
    const query = { q: asked(), limit: MOST, order: "asc" };
    const page = anywhere()
      ? await held(api.GET("/v1/search", { params: { query: { ...query, order: "desc" } }, signal }))
      : await held(api.GET("/v1/cases/{case}/timeline", { params: { path: { case: one().id }, query }, signal }));
    return page.events as unknown as EventShape[];
  });
  const rows = (): readonly EventShape[] => found.value() ?? [];
  createEffect(on(rows, () => setAt(0)));
  function keys(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && rows().length) {
      setAt((at() + step + rows().length) % rows().length);
      document.getElementById(`picked-${at()}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") take(rows()[at()]);
    else return;
    event.preventDefault();
  }
  function take(event: EventShape | undefined): void {
    if (!event || found.busy()) return;
    props.choose(event);
    props.close();
  }
  return (
    <Dialog title={props.title} close={() => props.close()} wide>
      <div class="row">
        <input
          class="field wide-field mono" role="combobox" aria-expanded={rows().length > 0} aria-controls="picked" aria-activedescendant={rows().length ? `picked-${at()}` : undefined} aria-label="Find an event by a query"
          placeholder="A query; nothing: all of them" autofocus autocomplete="off" maxlength="4000" value={typed()} onKeyDown={keys}
          onInput={(event) => { setTyped(event.currentTarget.value); clearTimeout(timer); timer = setTimeout(() => setAsked(typed().trim()), PAUSE_MS); }}
        />
        <button class="button" aria-pressed={anywhere()} onClick={() => setAnywhere(!anywhere())}>Anywhere, not only of the case</button>
      </div>
      <Show when={found.error()}>{(error) => <Failed error={error()} />}</Show>
      <Show when={rows().length} fallback={<p class="quiet" role="status">{found.busy() ? "Looking …" : "No event is like that."}</p>}>
        <ul id="picked" class="picked" role="listbox" aria-label="Events">
          <For each={rows()}>
            {(event, index) => (
              <li id={`picked-${index()}`} role="option" aria-selected={index() === at()} onPointerMove={() => setAt(index())} onClick={() => take(event)}>
                <EventLine id={event.id} event={event} plain />
              </li>
            )}
          </For>
        </ul>
      </Show>
      <p class="quiet">{anywhere() ? `The newest ${MOST} that match.` : `The first ${MOST} of the case that match.`} Arrows choose, Enter takes it.</p>
    </Dialog>
  );
}
