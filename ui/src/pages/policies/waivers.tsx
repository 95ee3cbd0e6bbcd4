/** Policies that are let be for a while: by whom, where, until when and why; giving one, and withdrawing it. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { eventPath } from "~/base/paths";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { Form } from "~/widgets/form";
import { Table } from "~/widgets/table";
import { Time } from "~/widgets/text";
import { MayNot } from "./in-force";
import { idOf, repositories } from "./repositories";
import { Commit } from "./results";

type Waiver = components["schemas"]["PolicyWaiver"];
const DAY_MS = 86_400_000;
const LASTS: readonly (readonly [number, string])[] = [[1, "a day"], [7, "a week"], [30, "30 days"], [90, "90 days"], [365, "a year"]];

export function Waivers(): JSX.Element {
  const found = load(() => true, async () => (await held(api.GET("/v1/policies/waivers"))).waivers as readonly Waiver[]);
  const kept = repositories();
  const [ended, setEnded] = createSignal<Waiver>();
  return (
    <div class="stack">
      <Show when={may("policies.write")} fallback={<MayNot />}>
        <Give names={(kept.value() ?? []).map((one) => one.name)} done={() => void found.again()} />
      </Show>
      <Answer of={found} what="the waivers">
        {(all) => (
          <Table
            label="Waivers, the newest first" each={all()} fallback={<tr><td colspan="8" class="quiet">No waiver was ever given.</td></tr>}
            head={<><th>Policy</th><th>Where</th><th>State</th><th>Until</th><th>Reason</th><th>By</th><th>Entry</th><th><span class="visually-hidden">Withdraw</span></th></>}
          >
            {(one) => (
              <tr>
                <td><A class="mono" href={`/agents/policies/${encodeURIComponent(one.policy)}`}>{one.policy}</A></td>
                <td><span class="mono">{one.repository}</span><div><Show when={one.commit} fallback={<span class="quiet">every commit</span>}><Commit oid={one.commit} repository={idOf(kept.value(), one.repository)} /></Show></div></td>
                <td classList={{ good: one.state === "in force", quiet: one.state !== "in force" }}>{one.state}<Show when={one.withdrawn_by}><div>by {one.withdrawn_by}</div></Show></td>
                <td><Time at={one.until} precision="minute" /></td>
                <td class="policy-words">{one.reason}</td>
                <td>{one.by}<div><Time at={one.at} precision="minute" /></div></td>
                <td><A class="mono" href={eventPath(one.id)}>{one.id.slice(-8)}</A></td>
                <td><Show when={one.state === "in force" && may("policies.write")}><button class="button danger" onClick={() => setEnded(one)}>Withdraw</button></Show></td>
              </tr>
            )}
          </Table>
        )}
      </Answer>
      <Show when={ended()}>
        {(one) => (
          <Confirm
            title={`Withdraw the waiver of ${one().policy}`} verb="Withdraw it" close={() => setEnded()}
            act={async () => { await api.DELETE("/v1/policies/waivers/{waiver}", { params: { path: { waiver: one().id } } }); tell("The waiver holds no more.", "good"); await found.again(); }}
          >
            <p>From the next push on the policy holds again in {one().repository}. That it was waived stays on record.</p>
          </Confirm>
        )}
      </Show>
    </div>
  );
}

function Give(props: { names: readonly string[]; done: () => void }): JSX.Element {
  const policies = load(() => true, async () => (await held(api.GET("/v1/policies"))).policies);
  async function give(text: (name: string) => string, form: HTMLFormElement): Promise<void> {
    const until = new Date(Date.now() + Number(text("lasts")) * DAY_MS).toISOString();
    await api.POST("/v1/policies/waivers", { body: { policy: text("policy"), repository: text("repository"), commit: text("commit"), until, reason: text("reason") } });
    tell("The waiver is given, and on record.", "good");
    form.reset();
    props.done();
  }
  return (
    <section class="panel">
      <header><h2>Let a policy be</h2></header>
      <Show when={policies.value()?.length} fallback={<p class="body quiet">{policies.busy() ? "Reading the policies …" : "No policy is in force, so there is none to waive."}</p>}>
        <Form class="body" act={give}>
          <div class="fields">
            <label><span class="label">Policy</span><select class="field mono" name="policy"><For each={policies.value()}>{(one) => <option>{one.name}</option>}</For></select></label>
            <label><span class="label">Repository</span><input class="field mono" name="repository" required maxlength="300" list="policy-repositories" placeholder="host/owner/name" /></label>
            <label><span class="label">Commit in full (none: all)</span><input class="field mono" name="commit" maxlength="64" pattern="[0-9a-f]{40}|[0-9a-f]{64}" /></label>
            <label><span class="label">It ends in</span><select class="field" name="lasts"><For each={LASTS}>{([days, words]) => <option value={days} selected={days === 7}>{words}</option>}</For></select></label>
          </div>
          <datalist id="policy-repositories"><For each={props.names}>{(name) => <option value={name} />}</For></datalist>
          <label><span class="label">Reason, kept for good</span><input class="field" name="reason" required maxlength="2000" /></label>
          <div class="row"><button class="button primary">Give the waiver</button><span class="quiet">What it covers is told as waived, with your name and the reason.</span></div>
        </Form>
      </Show>
    </section>
  );
}
