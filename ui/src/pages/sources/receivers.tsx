/** Sending to this server: what listens, a key to send with, and configurations to copy. */

import { A, useSearchParams } from "@solidjs/router";
import { createSignal, For, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Form } from "~/widgets/form";
import { Copied, Secret } from "~/widgets/secret";
import { Failed } from "~/widgets/states";
import { bytes, count } from "~/widgets/text";
import { configurations } from "./clients";

type Listener = components["schemas"]["Listener"];
const EACH_MS = 5000;

export function Receivers(): JSX.Element {
  const [search, setSearch] = useSearchParams<{ client?: string }>();
  const listeners = load(() => may("status.read") || undefined, () => held(api.GET("/v1/receivers")));
  const clock = setInterval(() => void listeners.again(), EACH_MS);
  onCleanup(() => clearInterval(clock));
  const [source, setSource] = createSignal("web");
  const [secret, setSecret] = createSignal<string>();
  const heard = () => Object.fromEntries((listeners.value() ?? []).map((one) => [one.name.replace("syslog/", ""), one.address]));
  const all = () => configurations({ origin: location.origin, key: secret() ?? "THE-KEY", source: source() || "web", syslog: heard() });
  const chosen = () => all().find((one) => one.id === search.client) ?? all()[0]!;
  return (
    <div class="stack">
      <MakeKey source={source()} setSource={setSource} secret={secret()} made={setSecret} />
      <section class="panel">
        <header><h2>Configuration</h2><span class="quiet mono">{location.origin}</span></header>
        <div class="body clients">
          <nav aria-label="What sends">
            <For each={all()}>{(one) => <button class="button bare" aria-pressed={one.id === chosen().id} onClick={() => setSearch({ client: one.id }, { replace: true })}>{one.name}</button>}</For>
          </nav>
          <div class="stack tight">
            <span class="quiet">{chosen().file}</span>
            <Copied text={chosen().text} label={`${chosen().name} configuration`} />
            <p class="quiet">{chosen().about}</p>
            <Show when={chosen().text.includes("THE-KEY")}><p class="quiet"><span class="mono">THE-KEY</span> stands for the secret of a key: make one above and it is filled in.</p></Show>
          </div>
        </div>
      </section>
      <section class="panel">
        <header><h2>What listens</h2><span class="quiet">counted since this server started</span></header>
        <Show when={may("status.read")} fallback={<p class="body quiet">To see it needs status.read.</p>}>
          <Show when={!listeners.error()} fallback={<Failed error={listeners.error()} />}>
            <Listeners all={listeners.value() ?? []} />
          </Show>
        </Show>
      </section>
    </div>
  );
}

function Listeners(props: { all: readonly Listener[] }): JSX.Element {
  return (
    <div class="table bare">
      <table>
        <caption class="visually-hidden">Listeners</caption>
        <thead><tr><th>Listener</th><th>Address</th><th class="num">Received</th><th class="num">Bytes</th><th class="num">Committed</th><th class="num">Waiting</th><th class="num">Dropped</th><th class="num">Refused</th><th class="num">Cut</th><th class="num">Connections</th></tr></thead>
        <tbody>
          <For each={props.all}>
            {(one) => (
              <tr>
                <td class="mono">{one.name}<Show when={one.error}><div class="bad">{one.error}</div></Show></td><td class="mono">{one.address}</td>
                <td class="num">{count(one.received)}</td><td class="num">{bytes(one.received_bytes)}</td><td class="num">{count(one.committed)}</td><td class="num">{count(one.waiting)}</td>
                <td class="num" classList={{ bad: one.dropped > 0 }}>{count(one.dropped)}</td><td class="num" classList={{ warn: one.refused > 0 }}>{count(one.refused)}</td>
                <td class="num">{count(one.cut + one.torn)}</td><td class="num">{one.connections === undefined ? "" : count(one.connections)}</td>
              </tr>
            )}
          </For>
          <tr>
            <td>HTTP</td><td class="mono">{location.origin}</td>
            <td colspan="8" class="quiet">Declared events, files, Splunk HEC, Elasticsearch bulk, OpenTelemetry, CloudEvents, webhooks. Each answers after the commit; <a href="/ui/sources">the list of sources</a> says what came.</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/** An ingest key made in place: its secret is shown once, and stands in the configurations until the page is left. */
function MakeKey(props: { source: string; setSource: (name: string) => void; secret: string | undefined; made: (secret: string | undefined) => void }): JSX.Element {
  const [name, setName] = createSignal("");
  const [isBound, setBound] = createSignal(false);
  async function make(): Promise<void> {
    const body = { name: name().trim() || `send ${props.source}`, scopes: ["ingest"], sources: isBound() ? [props.source] : [], permissions: [], expires_in: 0 };
    props.made((await held(api.POST("/v1/admin/keys", { body }))).token);
  }
  return (
    <section class="panel">
      <header><h2>A key to send with</h2></header>
      <div class="body stack">
        <Form act={make}>
          <div class="row">
            <label class="grow"><span class="label">Source, as it is to be called</span><input class="field" required maxlength="200" value={props.source} onInput={(event) => props.setSource(event.currentTarget.value)} /></label>
            <Show when={may("keys.manage")} fallback={<p class="quiet">A key is made by whoever has keys.manage: an owner or admin.</p>}>
              <label class="grow"><span class="label">Name of the key</span><input class="field" maxlength="100" placeholder={`send ${props.source}`} value={name()} onInput={(event) => setName(event.currentTarget.value)} /></label>
              <label class="check-label"><input type="checkbox" checked={isBound()} onChange={(event) => setBound(event.currentTarget.checked)} />Only for this source, where the sender names it (X-Source-Id)</label>
              <button class="button primary">Make a key that can only send</button>
            </Show>
          </div>
        </Form>
        <Show when={props.secret}>{(secret) => <Secret of={secret()} what="The secret of the new key." until={<>It stands in the configurations below until you leave this page. <A href="/settings?tab=keys">All keys</A></>} done={() => props.made(undefined)} />}</Show>
      </div>
    </section>
  );
}
