/** Holds over evidence, what is proposed to a second person, and setting and releasing a hold. */

import { A } from "@solidjs/router";
import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { may, who } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { Form } from "~/widgets/form";
import { createWork } from "~/widgets/running";
import { Failed } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";

type Hold = components["schemas"]["Hold"];
type Kind = "q" | "entity" | "span" | "everything";
const KINDS: readonly (readonly [Kind, string])[] = [["q", "what a query finds"], ["entity", "an entity"], ["span", "a stretch of time"], ["everything", "everything"]];

export function Holds(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/holds")));
  const [released, setReleased] = createSignal<Hold>();
  const [counts, setCounts] = createSignal<Record<string, number>>({});
  async function counted(hold: Hold): Promise<void> {
    const one = await held(api.GET("/v1/holds/{hold}", { params: { path: { hold: hold.id } } }));
    setCounts((there) => ({ ...there, [hold.id]: one.entries ?? 0 }));
  }
  const release = (reason: string, propose: boolean) => api.POST("/v1/holds/{hold}/release", { params: { path: { hold: released()!.id } }, body: { reason, propose } });
  return (
    <Answer of={found} what="the holds">
      {(all) => (
        <div class="stack">
          <Show when={may("holds.write")}><SetHold done={() => void found.again()} /></Show>
          <Show when={all().holds.length} fallback={<p class="quiet">No hold was ever set. What a hold is about is erased by nobody, by hand or by retention, until it is released.</p>}>
            <Table
              label="Holds, the newest first" each={all().holds}
              head={<><th>Holds</th><th>Reason</th><th>Since</th><th>By</th><th>Until</th><th class="num">Entries</th><th><span class="visually-hidden">Release</span></th></>}
            >
              {(hold) => (
                <tr>
                  <td><Criteria of={hold} /></td>
                  <td><span class="mono">{hold.reason}</span><div class="quiet">{hold.because}</div></td>
                  <td><Time at={hold.since} precision="minute" /></td><td>{hold.by}</td>
                  <td>
                    <Switch fallback="released">
                      <Match when={hold.released}><span class="quiet">released</span> <Time at={hold.released} precision="minute" /></Match>
                      <Match when={hold.in_force && hold.expires}><Time at={hold.expires} precision="minute" /></Match>
                      <Match when={hold.in_force}>it is released</Match>
                      <Match when={hold.expires}><span class="quiet">expired</span> <Time at={hold.expires} precision="minute" /></Match>
                    </Switch>
                  </td>
                  <td class="num"><Show when={counts()[hold.id] !== undefined} fallback={<button class="button bare" onClick={() => void counted(hold).catch(tellError)}>Count</button>}>{count(counts()[hold.id]!)}</Show></td>
                  <td><Show when={hold.in_force && may("holds.write")}><button class="button danger" onClick={() => setReleased(hold)}>Release</button></Show></td>
                </tr>
              )}
            </Table>
          </Show>
          <Proposals />
          <Show when={released()}>
            {(hold) => (
              <Confirm
                title="Release a hold" verb="Release it" close={() => setReleased()} reason={{ label: "Reason, as a short code that is kept for good", code: true }}
                act={async (reason) => { await release(reason, false); tell("The hold is released.", "good"); await found.again(); }}
                propose={async (reason) => { await release(reason, true); tell("Proposed: another person approves it.", "good"); await found.again(); }}
              >
                <p>What it protects (<Criteria of={hold()} />) may be erased again: by hand at once, and by retention at its next run where purging is on. Other holds keep what they keep.</p>
              </Confirm>
            )}
          </Show>
        </div>
      )}
    </Answer>
  );
}

function Criteria(props: { of: Hold }): JSX.Element {
  const criteria = () => props.of.criteria;
  return (
    <Switch fallback={<strong>everything</strong>}>
      <Match when={props.of.criteria_lost}><strong>everything</strong> <span class="warn">(what it was about is lost)</span></Match>
      <Match when={criteria()["q"]}>{(q) => <A class="mono" href={`/timeline?q=${encodeURIComponent(q())}`}>{q()}</A>}</Match>
      <Match when={criteria()["entity"]}>{(entity) => <span class="mono">{entity()}</span>}</Match>
      <Match when={criteria()["start"]}><Time at={criteria()["start"]} precision="second" /> to <Time at={criteria()["end"]} precision="second" /></Match>
    </Switch>
  );
}

function SetHold(props: { done: () => void }): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  const [kind, setKind] = createSignal<Kind>("q");
  async function set(text: (name: string) => string): Promise<void> {
    const about = { q: text("q"), entity: text("entity"), start: text("start"), end: text("end"), everything: kind() === "everything" };
    await api.POST("/v1/holds", { body: { ...about, reason: text("reason"), because: text("because"), expires: text("expires") } });
    tell("The hold is set: what it is about is erased by nobody now.", "good");
    setOpen(false);
    props.done();
  }
  return (
    <Show when={isOpen()} fallback={<div><button class="button" onClick={() => setOpen(true)}>Set a hold</button></div>}>
      <section class="panel">
        <header><h2>Set a hold</h2></header>
        <Form class="body" act={set}>
          <div class="fields">
            <label><span class="label">It holds</span><select class="field" value={kind()} onChange={(event) => setKind(event.currentTarget.value as Kind)}><For each={KINDS}>{([id, name]) => <option value={id}>{name}</option>}</For></select></label>
            <Show when={kind() === "q"}><label><span class="label">Query</span><input class="field mono" name="q" required maxlength="4096" placeholder="user:alice" /></label></Show>
            <Show when={kind() === "entity"}><label><span class="label">Kind and value of a key</span><input class="field mono" name="entity" required placeholder="ip:203.0.113.77" /></label></Show>
            <Show when={kind() === "span"}>
              <label><span class="label">From</span><input class="field mono" name="start" required placeholder="2026-04-01T00:00:00Z" /></label>
              <label><span class="label">Up to</span><input class="field mono" name="end" required placeholder="2026-05-01T00:00:00Z" /></label>
            </Show>
            <label><span class="label">Reason, as a short code</span><input class="field mono" name="reason" required maxlength="40" placeholder="litigation" /></label>
            <label><span class="label">In words</span><input class="field" name="because" maxlength="2000" placeholder="Matter 2026-14" /></label>
            <label><span class="label">Ends (empty: never)</span><input class="field mono" name="expires" placeholder="2027-01-01T00:00:00Z" /></label>
          </div>
          <p class="quiet">It is an entry of the ledger. The code is never erased; the words are with the hold. What it is about is looked for now, and again before anything is erased.</p>
          <div class="row"><button class="button primary">Set it</button><button type="button" class="button" onClick={() => setOpen(false)}>Cancel</button></div>
        </Form>
      </section>
    </Show>
  );
}

/** What one person proposed and another approves or declines. */
function Proposals(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/custody/proposals")));
  const work = createWork<Record<string, unknown>>();
  async function approve(id: string): Promise<void> {
    if (await work.run(`/v1/custody/proposals/${id}/approve`)) tell("Approved, and carried out.", "good");
    await found.again();
  }
  async function decline(id: string): Promise<void> {
    await api.POST("/v1/custody/proposals/{proposal}/decline", { params: { path: { proposal: id } } });
    await found.again();
  }
  return (
    <>
      <Show when={found.error()}>{(error) => <Failed error={error()} retry={() => void found.again()} />}</Show>
      <Show when={found.value()?.proposals.length}>
        <section class="panel">
          <header><h2>Proposed to a second person</h2><work.View what="Carrying it out" /></header>
          <Table
            label="Proposals, the newest first" each={found.value()!.proposals} frame="bare"
            head={<><th>What</th><th>Proposed by</th><th>At</th><th>Until</th><th>State</th><th><span class="visually-hidden">Decide</span></th></>}
          >
            {(one) => (
              <tr>
                <td><span class="mono">{one.act}</span> <span class="quiet mono">{JSON.stringify(one.body).slice(0, 160)}</span></td>
                <td>{one.proposed_by}</td><td><Time at={one.proposed_at} precision="minute" /></td><td><Time at={one.expires} precision="minute" /></td>
                <td>{one.state}<Show when={one.decided_by}> by {one.decided_by}</Show></td>
                <td class="nowrap">
                  <Show when={one.state === "open" && may("custody.approve")}>
                    <Show when={one.proposed_by !== who()?.name} fallback={<span class="quiet">another person decides</span>}>
                      <button class="button danger" disabled={work.isRunning()} onClick={() => void approve(one.id)}>Approve and carry out</button>{" "}
                      <button class="button" onClick={() => void decline(one.id).catch(tellError)}>Decline</button>
                    </Show>
                  </Show>
                </td>
              </tr>
            )}
          </Table>
        </section>
      </Show>
    </>
  );
}
