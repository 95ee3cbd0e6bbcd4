/** The zone all times are shown in, always in sight. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { isZone } from "~/base/instant";
import { offer } from "~/state/commands";
import { setZone, zone, zones } from "~/state/preferences";
import { Dialog } from "~/widgets/dialog";

const MOST = 60;

export function ZoneChip(): JSX.Element {
  const [open, setOpen] = createSignal(false);
  const [typed, setTyped] = createSignal("");
  offer({ id: "zone", title: "Change the zone that times are shown in", group: "Everywhere", keys: ["z"], run: () => setOpen(true) });
  const found = (): string[] => zones().filter((one) => one.toLowerCase().includes(typed().trim().toLowerCase().replaceAll(" ", "_"))).slice(0, MOST);
  function choose(name: string): void {
    if (!isZone(name)) return;
    setZone(name);
    setOpen(false);
    setTyped("");
  }
  return (
    <>
      <button class="chip" title="All times are shown in this zone" onClick={() => setOpen(true)}>{zone()}</button>
      <Show when={open()}>
        <Dialog title="Show times in" close={() => setOpen(false)}>
          <form onSubmit={(event) => { event.preventDefault(); choose(found()[0] ?? typed()); }}>
            <input class="field" aria-label="Zone" placeholder="UTC, Europe/Berlin, …" autofocus value={typed()} onInput={(event) => setTyped(event.currentTarget.value)} />
          </form>
          <ul class="choices">
            <For each={found()} fallback={<li class="quiet">No zone has such a name.</li>}>
              {(name) => <li><button class="button bare" aria-pressed={name === zone()} onClick={() => choose(name)}>{name}</button></li>}
            </For>
          </ul>
          <p class="quiet">What is stored does not change: every time is kept as it was written.</p>
        </Dialog>
      </Show>
    </>
  );
}
