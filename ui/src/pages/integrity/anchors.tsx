/** Others who vouch for the ledger: time-stamp authorities, witnesses, a git remote; what each said last. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";

const TYPES: Record<string, string> = { rfc3161: "time stamp", cosignature: "witness", git: "git remote" };
const typeOf = (name: string): string => TYPES[name] ?? name;

export function Anchors(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/anchors", { params: { query: { limit: 1000 } } })));
  const [isAsking, setAsking] = createSignal(false);
  async function ask(): Promise<void> {
    setAsking(true);
    try {
      const made = (await held(api.POST("/v1/anchors"))) as unknown as { anchors: unknown[]; failures: { by: string; reason: string; contradiction: boolean }[] };
      for (const one of made.failures) tell(`${one.by} ${one.contradiction ? "contradicts this log" : "gave nothing"}: ${one.reason}`, "bad");
      if (made.anchors.length) tell(`${count(made.anchors.length)} anchors were given.`, "good");
      await found.again();
    } catch (error) {
      tellError(error);
    } finally {
      setAsking(false);
    }
  }
  return (
    <Answer of={found} what="the anchors">
      {(all) => (
        <div class="stack">
          <div class="row">
            <p class="spread quiet">An anchor is what somebody else keeps, or says: that this log was so large then, or extends all they ever saw of it. It is against a rollback of the whole server, signer and all.</p>
            <Show when={may("ledger.manage") && all().parties.length}><button class="button primary" disabled={isAsking()} onClick={() => void ask()}>{isAsking() ? "Asking …" : "Ask everybody now"}</button></Show>
          </div>
          <Show
            when={all().parties.length}
            fallback={<Empty title="Nobody else vouches for this log">Name time-stamp authorities (<code>VESTIGE_TSA_URLS</code>, with their roots in <code>VESTIGE_TSA_ROOTS</code>), witnesses (<code>VESTIGE_WITNESSES</code>) or a git remote (<code>VESTIGE_ANCHOR_GIT</code>) in the server's settings.</Empty>}
          >
            <section class="panel">
              <header><h2>Who is asked</h2></header>
              <Table
                label="Who is asked, and how each stands" each={all().parties} frame="bare"
                head={<><th>Who</th><th>As</th><th class="num">Last size</th><th>At</th><th>Stands</th></>}
              >
                {(party) => (
                  <tr>
                    <td class="mono">{party.by}</td><td>{typeOf(party.type)}</td><td class="num">{party.size ? count(party.size) : "none"}</td>
                    <td><Show when={party.at}><Time at={party.at} precision="second" /></Show></td>
                    <td><Show when={party.failure} fallback={<span classList={{ good: !party.due, quiet: party.due }}>{party.due ? "due" : "✓ up to date"}</span>}><span class="bad">✗ {party.failure}</span></Show></td>
                  </tr>
                )}
              </Table>
            </section>
          </Show>
          <Show when={all().anchors.length}>
            <section class="panel">
              <header><h2>What they said</h2><span class="quiet">{count(all().anchors.length)}{all().next ? ", the oldest" : ""}</span></header>
              <Table
                label="Anchors, the newest first" each={all().anchors.toReversed().slice(0, 200)} frame="bare"
                head={<><th>At, by their clock</th><th>By</th><th>As</th><th class="num">Size</th><th>Root</th><th>Over</th></>}
              >
                {(one) => <tr><td><Time at={one.at} precision="second" /></td><td class="mono">{one.by}</td><td>{typeOf(one.type)}</td><td class="num">{count(one.size)}</td><td><Digest of={one.root} /></td><td>{one.over}</td></tr>}
              </Table>
            </section>
          </Show>
        </div>
      )}
    </Answer>
  );
}
