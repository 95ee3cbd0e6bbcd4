/** How long evidence is kept, what is past that, and the purge of it. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { createWork } from "~/widgets/running";
import { Wrong } from "~/widgets/states";
import { bytes, count, Time } from "~/widgets/text";

interface Plan {
  readonly past_retention: number;
  readonly bytes: number;
  readonly sources: readonly { source: string; records: number }[];
  readonly received_from?: string;
  readonly received_to?: string;
  readonly would_purge?: number;
  readonly purged?: number;
  readonly kept_by_holds: number;
  readonly holds: readonly { hold: string; records: number }[];
  readonly proposed?: unknown;
}

const MODES = ["none", "custom", "pci_dss", "sr_11_7", "sox"];

export function RetentionTab(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/retention")));
  const [plan, setPlan] = createSignal<Plan>();
  const [isAsking, setAsking] = createSignal(false);
  const work = createWork<Plan>();
  async function look(body: { dry_run: boolean; propose?: boolean }): Promise<void> {
    const report = await work.run("/v1/retention/run", body);
    if (report?.proposed) tell("Proposed: another person approves the purge.", "good");
    else if (report) setPlan(report);
    if (!body.dry_run && report?.purged !== undefined) tell(`${count(report.purged)} records were purged.`, "good");
  }
  return (
    <Answer of={found} what="the retention">
      {(policy) => (
        <div class="stack">
          <div class="two">
            <section class="panel">
              <header><h2>In force</h2></header>
              <dl class="facts body">
                <dt>Kept for</dt><dd>{count(policy().days)} days from {policy().counted_from}</dd>
                <dt>Mode</dt><dd><span class="mono">{policy().mode}</span>: {policy().mode_about}{policy().floor_days ? `, at least ${count(policy().floor_days)} days` : ""}</dd>
                <dt>Purge</dt><dd>{policy().purge === "on" ? "on: what is past retention is erased each day" : "off: what is past retention is only counted"}</dd>
                <For each={policy().sources}>{(one) => <><dt class="mono">{one.name}</dt><dd>{count(one.days)} days</dd></>}</For>
                <Show when={policy().warning}>{(warning) => <><dt>Missing</dt><dd class="warn">{warning()}</dd></>}</Show>
              </dl>
            </section>
            <Show when={may("evidence.erase")} fallback={<p class="quiet">Changing it, and purging, needs evidence.erase.</p>}>
              <Change of={policy()} done={() => void found.again()} />
            </Show>
          </div>
          <Show when={may("evidence.erase")}>
            <section class="panel">
              <header>
                <h2 class="spread">What is past retention</h2>
                <work.View what="Looking" unit="records" />
                <button class="button primary" disabled={work.isRunning()} onClick={() => void look({ dry_run: true })}>Look, and erase nothing</button>
              </header>
              <div class="body stack">
                <Show when={plan()} fallback={<p class="quiet">A look erases nothing and says which holds keep what.</p>}>
                  {(one) => (
                    <>
                      <p role="status">
                        <strong>{count(one().past_retention)} records</strong> are past retention, {bytes(one().bytes)}
                        <Show when={one().received_from}>, received <Time at={one().received_from} precision="second" /> to <Time at={one().received_to} precision="second" /></Show>.{" "}
                        {one().purged === undefined ? `${count(one().would_purge ?? 0)} would be purged; nothing was.` : `${count(one().purged!)} were purged.`}
                        {one().kept_by_holds ? ` ${count(one().kept_by_holds)} are kept by holds.` : ""}
                      </p>
                      <Show when={one().sources.length || one().holds.length}>
                        <dl class="facts">
                          <For each={one().sources}>{(source) => <><dt class="mono">{source.source}</dt><dd>{count(source.records)} records</dd></>}</For>
                          <For each={one().holds}>{(hold) => <><dt>Hold <span class="mono">{hold.hold}</span></dt><dd>keeps {count(hold.records)}</dd></>}</For>
                        </dl>
                      </Show>
                      <Show when={one().would_purge}><div><button class="button danger" disabled={work.isRunning()} onClick={() => setAsking(true)}>Purge {count(one().would_purge!)} records</button></div></Show>
                    </>
                  )}
                </Show>
              </div>
            </section>
          </Show>
          <Show when={isAsking()}>
            <Confirm title="Purge what is past retention" verb="Purge it" close={() => setAsking(false)} act={() => look({ dry_run: false })} propose={() => look({ dry_run: true, propose: true })}>
              <p>{count(plan()!.would_purge ?? 0)} records are erased for good: payloads, rows of the index, and the files they were read from, whole. Their leaves and hashes stay, so the ledger still proves that they were there. This cannot be undone.</p>
            </Confirm>
          </Show>
        </div>
      )}
    </Answer>
  );
}

function Change(props: { of: { days: number; mode: string; purge: string }; done: () => void }): JSX.Element {
  const [error, setError] = createSignal<unknown>();
  const [body, setBody] = createSignal<{ days?: number; mode?: string; purge?: "on" | "off"; sources: { name: string; days: number | null }[] }>();
  function ask(event: SubmitEvent): void {
    event.preventDefault();
    setError();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    const source = text("source");
    setBody({
      ...(Number(text("days")) === props.of.days ? {} : { days: Number(text("days")) }),
      ...(text("mode") === props.of.mode ? {} : { mode: text("mode") }),
      ...(text("purge") === props.of.purge ? {} : { purge: text("purge") as "on" | "off" }),
      sources: source ? [{ name: source, days: text("source-days") ? Number(text("source-days")) : null }] : [],
    });
  }
  const put = (propose: boolean) => api.PUT("/v1/retention", { body: { ...body()!, propose } });
  const isNothing = (): boolean => body() !== undefined && Object.keys(body()!).length === 1 && !body()!.sources.length;
  return (
    <section class="panel">
      <header><h2>Change it</h2></header>
      <form class="body stack" onSubmit={ask}>
        <div class="fields">
          <label><span class="label">Days</span><input class="field" name="days" type="number" min="1" max="36500" required value={props.of.days} /></label>
          <label><span class="label">Mode</span><select class="field" name="mode"><For each={MODES}>{(mode) => <option selected={mode === props.of.mode}>{mode}</option>}</For></select></label>
          <label><span class="label">Purge by itself</span><select class="field" name="purge"><option selected={props.of.purge === "off"}>off</option><option selected={props.of.purge === "on"}>on</option></select></label>
          <label><span class="label">A source apart</span><input class="field mono" name="source" maxlength="200" placeholder="web" /></label>
          <label><span class="label">Its days (empty: as all)</span><input class="field" name="source-days" type="number" min="1" max="36500" /></label>
        </div>
        <Show when={error()}>{(caught) => <Wrong error={caught()} />}</Show>
        <Show when={isNothing()}><p class="quiet">That is in force already.</p></Show>
        <div><button class="button">Change it …</button></div>
      </form>
      <Show when={body() && !isNothing()}>
        <Confirm
          title="Change the retention" verb="Change it" close={() => setBody()}
          act={async () => { await put(false); tell("The retention is changed.", "good"); props.done(); }}
          propose={async () => { await put(true); tell("Proposed: another person approves it.", "good"); }}
        >
          <p>{words(body()!)} What it was before stays in the audit trail.</p>
        </Confirm>
      </Show>
    </section>
  );
}

function words(body: { days?: number; mode?: string; purge?: string; sources: readonly { name: string; days: number | null }[] }): string {
  return [
    body.days === undefined ? "" : `Evidence is kept for ${count(body.days)} days.`,
    body.mode === undefined ? "" : `The mode is ${body.mode}.`,
    body.purge === undefined ? "" : body.purge === "on" ? "From the next run on, what is past retention and under no hold is erased for good, each day." : "Nothing is purged by itself any more.",
    ...body.sources.map((one) => (one.days === null ? `${one.name} is kept as all others.` : `${one.name} is kept for ${count(one.days)} days.`)),
  ].filter(Boolean).join(" ");
}
