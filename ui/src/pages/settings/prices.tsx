/** What tokens cost: the table that comes along, the tenant's own lists, who may sign one, and seals that were amended. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { eventPath, sessionPath } from "~/base/paths";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { Form } from "~/widgets/form";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";

type Price = components["schemas"]["OwnPrice"];
/** What a price states, and for how much of it. */
const PARTS = [["input", "in"], ["output", "out"], ["cache_read", "from caches"], ["cache_write_5m", "into caches, 5 min"], ["cache_write_1h", "into caches, 1 h"], ["web_search", "web searches, per thousand"]] as const;

export function Prices(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/agents/prices")));
  const [forgotten, setForgotten] = createSignal<string>();
  async function apply(text: (name: string) => string, form: HTMLFormElement): Promise<void> {
    // A note ends with a line's end, which the field's text without its spaces lacks.
    const came = await held(api.POST("/v1/agents/prices", { body: { note: `${text("note")}\n` } }));
    tell(`${came.name} is ${came.new ? "in force" : "in force already"}: ${count(came.amended)} seals were amended${came.withheld ? `, ${count(came.withheld)} withheld` : ""}.`, "good");
    form.reset();
    await found.again();
  }
  async function trust(text: (name: string) => string, form: HTMLFormElement): Promise<void> {
    await api.POST("/v1/agents/prices/keys", { body: { key: text("key"), trusted: true } });
    tell("Lists that this key signs can be put in force.", "good");
    form.reset();
    await found.again();
  }
  return (
    <Answer of={found} what="the prices">
      {(all) => (
        <div class="stack">
          <p>Answers cost what <span class="mono">{all().table}</span> says, unless a list below says something else. What no price states has none, which is not zero.</p>
          <For each={all().unreadable ?? []}>{(one) => <p class="bad">{one.name} cannot be read by this version, and nothing is priced by it: {one.reason}</p>}</For>
          <For each={all().lists} fallback={<p class="quiet">No list of your own is in force.</p>}>
            {(list) => (
              <section class="panel">
                <header><h2>{list.name}</h2><Digest of={list.sha256} /><span class="quiet spread">signed by {list.keys.join(", ")}</span><A href={eventPath(list.entry)}>Its entry</A></header>
                <Table label={`Prices of ${list.name}, in US dollars per million tokens`} each={list.prices} frame="bare" isPlain head={<><th>Model</th><th>Agent</th><th>From</th><th>Up to</th><For each={PARTS}>{([, words]) => <th class="num">{words}</th>}</For></>}>
                  {(price: Price) => (
                    <tr>
                      <td class="mono">{price.model}</td><td class="mono">{price.agent || <span class="quiet">any</span>}</td><td class="mono">{price.from}</td><td class="mono">{price.to}</td>
                      <For each={PARTS}>{([name]) => <td class="num">{price[name] ? `$${price[name]}` : <span class="faint">none</span>}</td>}</For>
                    </tr>
                  )}
                </Table>
              </section>
            )}
          </For>
          <section class="panel">
            <header><h2>Put a signed list in force</h2></header>
            <Show when={may("ledger.manage")} fallback={<p class="body quiet">To put one in force needs the permission <code>ledger.manage</code>: an admin or an owner has it.</p>}>
              <Form class="body" act={apply}>
                <label><span class="label">The signed list, as <code>vestige price sign</code> wrote it</span><textarea class="field mono" name="note" required rows="8" spellcheck={false} /></label>
                <div class="row"><button class="button primary">Put in force</button><span class="quiet">Beside each seal whose sum it changes an amendment is written; seals stay as they are.</span></div>
              </Form>
            </Show>
          </section>
          <section class="panel">
            <header><h2>Keys that may sign one</h2></header>
            <div class="body stack">
              <ul class="stack tight"><For each={all().keys} fallback={<li class="quiet">None: no list can be put in force.</li>}>{(key) => <li class="row"><Digest of={key} letters={80} /><Show when={may("tenant.manage")}><button class="button danger" aria-label={`Forget ${key.split("+")[0]}`} onClick={() => setForgotten(key)}>Forget</button></Show></li>}</For></ul>
              <Show when={may("tenant.manage")} fallback={<p class="quiet">To name a key is an owner's (<code>tenant.manage</code>).</p>}>
                <Form act={trust}><div class="row"><label class="grow"><span class="label">Verifier key</span><input class="field mono" name="key" required maxlength="512" placeholder="finance.example.org+…" /></label><button class="button">Let it sign</button></div></Form>
              </Show>
            </div>
          </section>
          <Amendments />
          <Show when={forgotten()}>
            {(key) => (
              <Confirm title="Forget a key" verb="Forget it" close={() => setForgotten()} act={async () => { await api.POST("/v1/agents/prices/keys", { body: { key: key(), trusted: false } }); tell("The key signs no list any more.", "good"); await found.again(); }}>
                <p>Lists that <span class="mono">{key()}</span> signs are refused from now on. Those that are in force stay.</p>
              </Confirm>
            )}
          </Show>
        </div>
      )}
    </Answer>
  );
}

const LATEST = 20;

/** What an act says of an amendment: whose seal, and what that comes to by then. */
interface Said { readonly session: string; readonly set: { readonly cost_usd?: string; readonly prices?: string } }
const saidIn = (detail: unknown): Said => detail as Said;

/** The acts by which seals were amended, the newest first. */
function Amendments(): JSX.Element {
  const found = load(() => (may("audit.read") ? true : undefined), (_, signal) => held(api.GET("/v1/audit", { params: { query: { action: "seal.amended", limit: LATEST } }, signal })));
  return (
    <section class="panel">
      <header><h2 class="spread">Seals that were amended</h2><Show when={may("audit.read")}><A href="/integrity?tab=audit&action=seal.amended">All of them</A></Show></header>
      <Show when={may("audit.read")} fallback={<p class="body quiet">To see them needs the permission <code>audit.read</code>.</p>}>
        <Answer of={found} what="the amendments">
          {(all) => (
            <Table label="Amendments, the newest first" each={all().entries} frame="bare" isPlain={!all().entries.length} fallback={<tr><td colspan="6" class="quiet">None: no list changed what was sealed.</td></tr>} head={<><th>At</th><th>By</th><th>Session</th><th>Seal</th><th class="num">Comes to</th><th>By which prices</th></>}>
              {(act) => (
                <tr>
                  <td><A href={eventPath(act.id)}><Time at={act.at} precision="second" /></A></td><td>{act.actor}</td>
                  <td><A class="mono" href={sessionPath(saidIn(act.detail).session)}>{saidIn(act.detail).session}</A></td>
                  <td><A class="mono" href={eventPath((act.resource ?? "").replace("seal:", ""))}>{(act.resource ?? "").slice(-8)}</A></td>
                  <td class="num">{saidIn(act.detail).set.cost_usd ? `$${saidIn(act.detail).set.cost_usd}` : <span class="faint">unknown</span>}</td>
                  <td class="mono">{saidIn(act.detail).set.prices}</td>
                </tr>
              )}
            </Table>
          )}
        </Answer>
      </Show>
    </section>
  );
}
