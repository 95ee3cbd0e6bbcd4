/** Every policy in force: what must hold, where, what follows, by whom. */

import { A } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Severity, Time } from "~/widgets/text";
import { follows, inWords, scope, type Policy } from "./words";

/** Who may not write policies is told why here. */
export function MayNot(): JSX.Element {
  return <p class="quiet">To change policies or to waive one needs the permission <code>policies.write</code>: a policy admin, an admin or an owner has it. All of it can be read and tried.</p>;
}

export function InForce(): JSX.Element {
  const found = load(() => true, async () => (await held(api.GET("/v1/policies"))).policies as readonly Policy[]);
  return (
    <Answer of={found} what="the policies">
      {(all) => (
        <div class="stack">
          <Show when={may("policies.write")} fallback={<MayNot />}>
            <div class="row"><A class="button primary" href="/agents/policies?tab=try">Write a policy</A></div>
          </Show>
          <Show when={all().length} fallback={<Empty title="No policy is in force">Whatever is pushed passes. <A href="/agents/policies?tab=try">Write one and try it on what was pushed</A>, or <code>vestige policy apply FILE</code>.</Empty>}>
            <Table
              label="Policies in force, by name" each={all()}
              head={<><th>Policy</th><th>What must hold</th><th>Where</th><th>What follows</th><th>Severity</th><th class="number">Version</th><th>Since</th></>}
            >
              {(one) => (
                <tr classList={{ off: one["enabled"] === false }}>
                  <td><A class="mono" href={`/agents/policies/${encodeURIComponent(one.name)}`}>{one.name}</A><div class="quiet mono">{one.type}</div></td>
                  <td class="policy-words" classList={{ bad: Boolean(one.unreadable) }}>{inWords(one)}<Show when={one["description"]}><div class="quiet">{String(one["description"])}</div></Show></td>
                  <td>{scope(one)}</td>
                  <td>{follows(one)}</td>
                  <td class="nowrap"><Severity of={String(one["severity"] ?? "medium")} /></td>
                  <td class="number">{count(one.revision)}</td>
                  <td><Time at={one.at} precision="minute" /><div class="quiet">{one.by}</div></td>
                </tr>
              )}
            </Table>
          </Show>
        </div>
      )}
    </Answer>
  );
}
