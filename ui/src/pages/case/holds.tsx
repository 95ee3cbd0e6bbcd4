/** What keeps the records of this case from being erased. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Icon } from "~/widgets/icon";
import type { Why } from "~/widgets/reason";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";
import { useCase } from "./context";
import { aboutCase, type Hold } from "./held";
import { Reasons } from "./reasons";

const mayHold = (): boolean => may("holds.write");

export default function Holds(): JSX.Element {
  const { one } = useCase();
  const [setting, setSetting] = createSignal(false);
  const [releasing, setReleasing] = createSignal<Hold>();
  const holds = load(() => (may("evidence.read") ? one().id : undefined), async (id, signal) => {
    const found = (await held(api.GET("/v1/holds", { signal }))).holds;
    const about = found.filter((hold) => aboutCase(hold, id, one().name));
    // Those of the case are few; how much each protects is asked for one by one.
    return Promise.all(about.map(async (hold) => (hold.in_force ? held(api.GET("/v1/holds/{hold}", { params: { path: { hold: hold.id } }, signal })) : hold)));
  });

  async function set(why: Why, expires: string): Promise<void> {
    const body = { ...why, expires, q: `case:${one().id}`, entity: "", start: "", end: "", everything: false };
    const made = await held(api.POST("/v1/holds", { body }));
    tell(`Held: ${count(made.entries)} entries, and what is pinned later.`, "good");
    await holds.again();
  }
  async function release(hold: Hold, { reason }: Why, propose: boolean): Promise<void> {
    await api.POST("/v1/holds/{hold}/release", { params: { path: { hold: hold.id } }, body: { reason, propose } });
    tell(propose ? "Proposed: a second person has to agree." : "Released: what it protected may be erased again, unless another hold protects it.", "good");
    await holds.again();
  }
  return (
    <Show when={may("evidence.read")} fallback={<Empty title="You may not see holds">They need the permission evidence.read.</Empty>}>
      <div class="row">
        <p class="quiet spread">A hold keeps records from being erased, whoever asks. One on this case protects what is pinned, also what is pinned later. It changes nothing in the case.</p>
        <Show when={mayHold()}><button class="button" onClick={() => setSetting(true)}><Icon name="plus" />Hold everything of this case</button></Show>
      </div>
      <Answer of={holds} what="the holds">
        {(found) => (
          <Show when={found().length} fallback={<Empty title="No hold is about this case">Holds about other things may protect some of its records all the same: an event's own page says which.</Empty>}>
            <Table
              label="Holds about the case" each={found()}
              head={<><th scope="col">State</th><th scope="col">About</th><th scope="col">Reason</th><th scope="col">Because</th><th scope="col" class="number">Protects</th><th scope="col">Since</th><th scope="col">Ends</th><th scope="col">Hold</th><th scope="col"><span class="visually-hidden">Release</span></th></>}
            >
              {(hold) => (
                <tr classList={{ over: !hold.in_force }}>
                  <td class="nowrap">{hold.in_force ? <span class="good">in force</span> : hold.released ? "released" : "ended"}</td>
                  <td class="mono">{hold.criteria["everything"] ? "everything" : hold.criteria["q"] === `case:${one().id}` ? "this case" : hold.criteria["q"]}</td>
                  <td>{hold.reason}</td>
                  <td class="prose">{hold.because}</td>
                  <td class="number">{"entries" in hold ? count(Number(hold.entries)) : ""}</td>
                  <td class="nowrap"><Time at={hold.since} precision="minute" /><br /><span class="quiet">{hold.by}</span></td>
                  <td class="nowrap"><Show when={hold.released || hold.expires} fallback={<span class="quiet">when it is released</span>}>{(at) => <Time at={at()} precision="minute" />}</Show></td>
                  <td><Digest of={hold.id} letters={10} /></td>
                  <td><Show when={mayHold() && hold.in_force}><button class="button compact" onClick={() => setReleasing(hold)}>Release</button></Show></td>
                </tr>
              )}
            </Table>
          </Show>
        )}
      </Answer>
      <Show when={setting()}>
        <Reasons
          title="Hold everything of this case" verb="Hold it" codes={["litigation", "investigation", "regulator"]} words close={() => setSetting(false)}
          says={`All ${count(one().events)} events of the case, and what is pinned later, are kept from erasure and from retention until somebody releases the hold.`}
          act={set}
        />
      </Show>
      <Show when={releasing()}>
        {(hold) => (
          <Reasons
            title="Release the hold" verb="Release it" codes={["case_closed", "mistake"]} isDanger close={() => setReleasing()}
            says="What it protected may be erased again, by people and by retention, unless another hold protects it."
            act={(why) => release(hold(), why, false)} propose={(why) => release(hold(), why, true)}
          />
        )}
      </Show>
    </Show>
  );
}
