/** Views that were saved, with links that stay; and the present one, to be saved. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { toText } from "~/base/instant";
import { acting } from "~/state/acting";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { setZone, zone } from "~/state/preferences";
import { may } from "~/state/session";
import { Dialog } from "~/widgets/dialog";
import { Failed, Wrong } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { copy, Time } from "~/widgets/text";
import type { View } from "./view";

interface Saved {
  readonly id: string;
  readonly name: string;
  readonly q?: string;
  readonly start?: string;
  readonly end?: string;
  readonly lane?: string;
  readonly zone?: string;
  readonly now?: { readonly start?: string; readonly end?: string };
}

export function SavedViews(props: { view: View; close: () => void }): JSX.Element {
  const views = load(() => true, async () => ((await held(api.GET("/v1/views"))) as unknown as { views: Saved[] }).views);
  const [name, setName] = createSignal("");
  // The index may still know a view that was removed a moment ago.
  const [gone, setGone] = createSignal<readonly string[]>([]);
  const saving = acting();
  async function save(): Promise<void> {
    const span = props.view.span();
    const called = name().trim();
    await api.POST("/v1/views", {
      body: {
        name: called, q: props.view.query(), lane: props.view.lane(), zone: zone(), order: "asc",
        ...(span ? { start: toText(span.start), end: toText(span.end) } : {}),
      } as never,
    });
    tell(`The view “${called}” is saved.`, "good");
    setName("");
    void views.again();
  }
  async function open(one: Saved): Promise<void> {
    try {
      const whole = (await held(api.GET("/v1/views/{view}", { params: { path: { view: one.id } } }))) as unknown as Saved;
      const window = whole.now ?? whole;
      if (whole.zone) setZone(whole.zone);
      props.view.open({
        q: whole.q ?? (undefined as never), lane: whole.lane || (undefined as never), from: window.start ?? (undefined as never), to: window.end ?? (undefined as never),
        event: undefined as never,
      });
      props.close();
    } catch (error) {
      tellError(error);
    }
  }
  const removing = acting();
  async function remove(one: Saved): Promise<void> {
    try {
      await api.DELETE("/v1/views/{view}", { params: { path: { view: one.id } } });
      setGone([...gone(), one.id]);
      void views.again();
    } catch (error) {
      tellError(error);
    }
  }
  return (
    <Dialog title="Views" close={props.close} wide>
      <Show when={may("views.write")}>
        <form class="row" onSubmit={(event) => { event.preventDefault(); if (name().trim()) void saving.run(save); }}>
          <input class="field spread" aria-label="Name of the present view" placeholder="A name for what is in view now" maxlength="200" value={name()} onInput={(event) => setName(event.currentTarget.value)} />
          <button class="button primary" disabled={!name().trim() || saving.isBusy()}>Save</button>
        </form>
        <Show when={saving.error()}>{(error) => <Wrong error={error()} />}</Show>
      </Show>
      <p class="row"><button class="button" onClick={() => void copy(location.href)}>Copy a link to what is in view</button><span class="quiet">Whoever opens it needs to be let in here; the link holds no evidence.</span></p>
      <Show when={!views.error()} fallback={<Failed error={views.error()} retry={() => void views.again()} />}>
        <Table
          label="Saved views" each={views.value()?.filter((one) => !gone().includes(one.id))} fallback={<tr><td colspan="4" class="quiet">Nobody saved a view yet.</td></tr>}
          head={<><th>Name</th><th>Query</th><th>From</th><td /></>}
        >
          {(one) => (
            <tr>
              <td><button class="button bare" onClick={() => void open(one)}>{one.name}</button></td>
              <td class="mono">{one.q ?? ""}</td>
              <td><Show when={one.start}><Time at={one.start} precision="minute" /></Show></td>
              <td><Show when={may("views.write")}><button class="button bare" aria-label={`Remove ${one.name}`} disabled={removing.isBusy()} onClick={() => void removing.run(() => remove(one))}>Remove</button></Show></td>
            </tr>
          )}
        </Table>
      </Show>
    </Dialog>
  );
}
