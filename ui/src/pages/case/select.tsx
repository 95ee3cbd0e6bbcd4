/** Pins all events of a query to this case: asked for, counted, then pinned. */

import { createSignal, Match, Show, Switch, type JSX } from "solid-js";
import { PinDialog } from "~/widgets/pin";
import { Dialog } from "~/widgets/dialog";
import { useCase } from "./context";

export function Select(props: { close: () => void }): JSX.Element {
  const { one, refresh } = useCase();
  const [query, setQuery] = createSignal("");
  const [start, setStart] = createSignal("");
  const [end, setEnd] = createSignal("");
  const [chosen, setChosen] = createSignal<{ query: string; start?: string; end?: string }>();
  function choose(event: SubmitEvent): void {
    event.preventDefault();
    setChosen({ query: query().trim(), ...(start().trim() ? { start: start().trim() } : {}), ...(end().trim() ? { end: end().trim() } : {}) });
  }
  return (
    <Switch>
      <Match when={chosen()}>{(selection) => <PinDialog selection={selection()} to={one()} close={() => props.close()} done={refresh} />}</Match>
      <Match when={true}>
        <Dialog title={`Pin events by a query to ${one().name}`} close={() => !chosen() && props.close()}>
          <form class="stack" onSubmit={choose}>
            <label><span class="label">Query</span><input class="field mono" autofocus maxlength="4096" placeholder="session:… type:auth.*" value={query()} onInput={(event) => setQuery(event.currentTarget.value)} /></label>
            <div class="row">
              <label><span class="label">From (may be empty)</span><input class="field narrow mono" value={start()} onInput={(event) => setStart(event.currentTarget.value)} /></label>
              <label><span class="label">Until (may be empty)</span><input class="field narrow mono" value={end()} onInput={(event) => setEnd(event.currentTarget.value)} /></label>
            </div>
            <p class="quiet">All events that match are pinned, not a page of them. They are counted first.</p>
            <footer>
              <button type="button" class="button" onClick={() => props.close()}>Cancel</button>
              <button class="button primary">Count them</button>
            </footer>
            <Show when={!query().trim()}><p class="quiet">Without a query all events are meant.</p></Show>
          </form>
        </Dialog>
      </Match>
    </Switch>
  );
}
