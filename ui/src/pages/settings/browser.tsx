/** What this browser remembers, and this browser alone: zone, theme, the keys somebody compared and pinned. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { isZone } from "~/base/instant";
import { keyOf, pinKey, pinnedKeys, unpinKey } from "~/state/keys";
import { setTheme, setZone, theme, zone, zones, type Theme } from "~/state/preferences";
import { may, who } from "~/state/session";
import { Wrong } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { Digest, Time } from "~/widgets/text";

const THEMES: readonly (readonly [Theme, string])[] = [["system", "as the system has it"], ["dark", "dark"], ["light", "light"]];

export function Browser(): JSX.Element {
  const [error, setError] = createSignal<unknown>();
  function pin(event: SubmitEvent): void {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    try {
      setError();
      pinKey(String(new FormData(element).get("key")));
      element.reset();
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <div class="stack">
      <section class="panel narrow">
        <header><h2>How things are shown</h2></header>
        <div class="body row">
          <label class="grow">
            <span class="label">Zone of all times</span>
            <input class="field" list="zones" value={zone()} onChange={(event) => (isZone(event.currentTarget.value) ? setZone(event.currentTarget.value) : (event.currentTarget.value = zone()))} />
            <datalist id="zones"><For each={zones()}>{(name) => <option value={name} />}</For></datalist>
          </label>
          <label><span class="label">Theme</span><select class="field" value={theme()} onChange={(event) => setTheme(event.currentTarget.value as Theme)}><For each={THEMES}>{([name, said]) => <option value={name} selected={name === theme()}>{said}</option>}</For></select></label>
        </div>
      </section>
      <section class="panel">
        <header><h2>Pinned keys of logs</h2><span class="quiet">A proof counts here only under a key you compared with somebody who has it from elsewhere.</span></header>
        <div class="body stack">
          <form class="row" onSubmit={pin}>
            <label class="spread"><span class="label">Verifier key: name+hash+base64</span><input class="field mono" name="key" required /></label>
            <button class="button primary">Pin it</button>
          </form>
          <Show when={error()}>{(caught) => <Wrong error={caught()} />}</Show>
          <Show when={pinnedKeys().length} fallback={<p class="quiet">None is pinned: a proof is shown, and not believed. {may("ledger.read") ? "The keys this server names stand under Integrity; compare one before you pin it." : ""}</p>}>
            <Table label="Pinned keys" each={pinnedKeys()} head={<><th>Key</th><th>Fingerprint</th><th>Since</th><th><span class="visually-hidden">Unpin</span></th></>}>
              {(one) => <tr><td><Digest of={one.vkey} letters={48} /></td><td class="mono">{keyOf(one.vkey)?.fingerprint}</td><td><Time at={one.since} precision="minute" /></td><td><button class="button" onClick={() => unpinKey(one.vkey)}>Unpin</button></td></tr>}
            </Table>
          </Show>
        </div>
      </section>
      <p class="quiet">You are {who()?.name}{who()?.role ? `, ${who()!.role}` : ""} in {who()?.tenant}. You may: <span class="mono">{who()?.permissions.join(", ")}</span></p>
    </div>
  );
}
