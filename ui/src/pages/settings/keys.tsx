/** API keys: what each may do, for which sources, until when; making, rotating and revoking one. */

import { useSearchParams } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { Form } from "~/widgets/form";
import { Secret } from "~/widgets/secret";
import { Table } from "~/widgets/table";
import { Time } from "~/widgets/text";

type Key = components["schemas"]["Key"];

const SCOPES: readonly (readonly [string, string])[] = [
  ["ingest", "takes evidence in, and nothing else"], ["read", "reads, reveals and exports evidence"], ["cases", "cases and holds"], ["policy", "policies"], ["code", "reads source code"], ["admin", "everything an admin may"],
];
const LASTS: readonly (readonly [number, string])[] = [[0, "until it is revoked"], [7 * 86_400, "7 days"], [90 * 86_400, "90 days"], [366 * 86_400, "a year"]];
const GRACES: readonly (readonly [number, string])[] = [[0, "at once"], [3600, "in an hour"], [86_400, "in a day"], [7 * 86_400, "in a week"]];

export function Keys(): JSX.Element {
  const [search, setSearch] = useSearchParams<{ ended?: string }>();
  const found = load(() => true, () => held(api.GET("/v1/admin/keys")));
  const [made, setMade] = createSignal<{ name: string; token: string }>();
  const [revoked, setRevoked] = createSignal<Key>();
  const [rotated, setRotated] = createSignal<Key>();
  const [grace, setGrace] = createSignal(3600);
  const isOver = (key: Key): boolean => key.state === "revoked" || key.state === "expired" || key.state === "rotated";
  const rows = () => (found.value()?.keys ?? []).filter((key) => search.ended || !isOver(key));
  return (
    <Answer of={found} what="the keys">
      {(all) => (
        <div class="stack">
          <Make made={(key) => { setMade(key); void found.again(); }} />
          <Show when={made()}>{(key) => <Secret of={key().token} what={`The secret of ${key().name}.`} done={() => setMade()} />}</Show>
          <div class="row">
            <label class="check-label"><input type="checkbox" checked={Boolean(search.ended)} onChange={(event) => setSearch({ ended: event.currentTarget.checked ? "1" : undefined }, { replace: true })} />Those that ended too</label>
            <span class="quiet">{rows().length} of {all().keys.length}</span>
          </div>
          <Table
            label="Keys" each={rows()} fallback={<tr><td colspan="9" class="quiet">No key is in force.</td></tr>}
            head={<><th>Name</th><th>Scopes</th><th>Only sources</th><th>State</th><th>Made</th><th>By</th><th>Last used</th><th>Ends</th><th><span class="visually-hidden">Acts</span></th></>}
          >
            {(key) => (
              <tr>
                <td>{key.name}<div class="faint mono">{key.id}</div></td><td class="mono">{key.scopes.join(", ")}</td>
                <td class="mono">{key.sources?.join(", ") ?? <span class="quiet">any</span>}</td>
                <td classList={{ good: key.state === "active", warn: key.state === "ending", quiet: isOver(key) }}>{key.state}</td>
                <td><Time at={key.created_at} precision="minute" /></td><td>{key.by}</td>
                <td><Show when={key.last_used_at} fallback={<span class="faint">never</span>}><Time at={key.last_used_at} precision="minute" /></Show></td>
                <td><Show when={key.expires_at ?? key.revoked_at} fallback={<span class="quiet">when revoked</span>}><Time at={key.expires_at ?? key.revoked_at} precision="minute" /></Show></td>
                <td class="nowrap"><Show when={!isOver(key)}><button class="button" onClick={() => setRotated(key)}>Rotate</button> <button class="button danger" onClick={() => setRevoked(key)}>Revoke</button></Show></td>
              </tr>
            )}
          </Table>
          <Show when={revoked()}>
            {(key) => (
              <Confirm title="Revoke a key" verb="Revoke it" close={() => setRevoked()} act={async () => { await api.DELETE("/v1/admin/keys/{key}", { params: { path: { key: key().id } } }); tell(`${key().name} opens nothing any more.`, "good"); await found.again(); }}>
                <p><strong>{key().name}</strong> opens nothing from now on; whatever uses it is refused. That cannot be undone: make another instead.</p>
              </Confirm>
            )}
          </Show>
          <Show when={rotated()}>
            {(key) => (
              <Confirm
                title="Rotate a key" verb="Make its successor" isHarmless close={() => setRotated()}
                act={async () => { const next = await held(api.POST("/v1/admin/keys/{key}/rotate", { params: { path: { key: key().id } }, body: { grace: grace() } })); setMade(next); await found.again(); }}
              >
                <div class="stack">
                  <p>A new key with the same rights is made, and its secret shown once. The old one ends:</p>
                  <select class="field" aria-label="When the old one ends" onChange={(event) => setGrace(Number(event.currentTarget.value))}><For each={GRACES}>{([size, name]) => <option value={size} selected={size === grace()}>{name}</option>}</For></select>
                </div>
              </Confirm>
            )}
          </Show>
        </div>
      )}
    </Answer>
  );
}

function Make(props: { made: (key: { name: string; token: string }) => void }): JSX.Element {
  const [chosen, setChosen] = createSignal<readonly string[]>(["ingest"]);
  const isOnlyIngest = (): boolean => chosen().length === 1 && chosen()[0] === "ingest";
  async function make(text: (name: string) => string, form: HTMLFormElement): Promise<void> {
    const sources = isOnlyIngest() ? text("sources").split(",").map((one) => one.trim()).filter(Boolean) : [];
    props.made(await held(api.POST("/v1/admin/keys", { body: { name: text("name"), scopes: [...chosen()], sources, permissions: [], expires_in: Number(text("lasts")) } })));
    form.reset();
  }
  return (
    <section class="panel">
      <header><h2>Make a key</h2></header>
      <Form class="body" act={make}>
        <fieldset class="scopes">
          <legend class="label">It may</legend>
          <For each={SCOPES}>
            {([name, about]) => (
              <label class="check-label"><input type="checkbox" checked={chosen().includes(name)} onChange={(event) => setChosen(event.currentTarget.checked ? [...chosen(), name] : chosen().filter((one) => one !== name))} /><span class="mono">{name}</span><span class="quiet">{about}</span></label>
            )}
          </For>
        </fieldset>
        <div class="row">
          <label class="grow"><span class="label">Name: what it is for</span><input class="field" name="name" required maxlength="100" /></label>
          <Show when={isOnlyIngest()}><label class="grow"><span class="label">Only these sources, parted by commas (empty: any)</span><input class="field mono" name="sources" /></label></Show>
          <label><span class="label">It lasts</span><select class="field" name="lasts"><For each={LASTS}>{([size, name]) => <option value={size}>{name}</option>}</For></select></label>
          <button class="button primary" disabled={!chosen().length}>Make it</button>
        </div>
      </Form>
    </section>
  );
}
