/** One policy: what it says, every version it had, and what it said of pushes. */

import { A, useNavigate, useParams } from "@solidjs/router";
import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { eventPath } from "~/base/paths";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";
import { DecisionList } from "./decisions";
import { MayNot } from "./in-force";
import { asToml, follows, inWords, scope, type Policy } from "./words";
import "~/styles/lists.css";
import "./policies.css";

export default function One(): JSX.Element {
  const params = useParams<{ policy: string }>();
  const go = useNavigate();
  const [isRemoving, setRemoving] = createSignal(false);
  const found = load(() => params.policy, (policy, signal) => held(api.GET("/v1/policies/versions", { params: { query: { policy } }, signal })));
  async function remove(): Promise<void> {
    await api.DELETE("/v1/policies/{policy}", { params: { path: { policy: params.policy } } });
    tell(`${params.policy} is in force no more.`, "good");
    go("/agents/policies");
  }
  return (
    <div class="page policies-page">
      <header>
        <h1><A href="/agents/policies">Policies</A> / <span class="mono">{params.policy}</span></h1>
      </header>
      <Answer of={found} what="the policy" isFresh>
        {(all) => {
          const versions = (): readonly Policy[] => all().versions as readonly Policy[];
          const last = (): Policy => versions()[0]!;
          return (
            <>
              <Show when={!all().in_force}><p class="warn">It is in force no more. What it said stays on record.</p></Show>
              <div class="policy-parts">
                <section class="panel">
                  <header><h2 class="spread">What must hold</h2><Show when={may("code.read")}><A class="button" href={`/agents/policies?tab=try&policy=${encodeURIComponent(params.policy)}`}>{may("policies.write") ? "Change or try it" : "Try it"}</A></Show>
                    <Show when={may("policies.write") && all().in_force}><button class="button danger" onClick={() => setRemoving(true)}>Remove …</button></Show>
                  </header>
                  <div class="body stack">
                    <p class="policy-lead" classList={{ bad: Boolean(last().unreadable) }}>{inWords(last())}</p>
                    <dl class="facts">
                      <dt>Where</dt><dd>{scope(last())}</dd>
                      <dt>What follows</dt><dd>{follows(last())}</dd>
                      <dt>Version</dt><dd>{count(last().revision)}, by {last().by}, <Time at={last().at} precision="second" /></dd>
                      <dt>Digest</dt><dd><Digest of={last().digest} /></dd>
                      <Show when={last()["description"]}><dt>Description</dt><dd>{String(last()["description"])}</dd></Show>
                    </dl>
                    <Show when={!may("policies.write")}><MayNot /></Show>
                  </div>
                </section>
                <section class="panel">
                  <header><h2>As a document</h2></header>
                  <pre class="body mono policy-text" tabindex="0" role="region" aria-label="The policy as TOML">{asToml(last())}</pre>
                </section>
              </div>
              <section class="stack" aria-labelledby="versions">
                <h2 id="versions">Versions</h2>
                <Table
                  label="Versions, the newest first" each={versions()}
                  head={<><th class="number">Version</th><th>What must hold</th><th>Where</th><th>What follows</th><th>By</th><th>At</th><th>Entry</th></>}
                >
                  {(one) => (
                    <tr>
                      <td class="number">{count(one.revision)}</td>
                      <td class="policy-words">{inWords(one)}</td><td>{scope(one)}</td><td>{follows(one)}</td>
                      <td>{one.by}</td><td><Time at={one.at} precision="second" /></td>
                      <td><A class="mono" href={eventPath(one.entry)}>{one.entry.slice(-8)}</A></td>
                    </tr>
                  )}
                </Table>
              </section>
              <section class="stack" aria-labelledby="said">
                <h2 id="said">What it said of pushes</h2>
                <DecisionList of={{ policy: params.policy }} label={`Decisions in which ${params.policy} had a say, the newest first`} />
              </section>
            </>
          );
        }}
      </Answer>
      <Show when={isRemoving()}>
        <Confirm title={`Remove ${params.policy}`} verb="Remove it" close={() => setRemoving(false)} act={remove}>
          <p>From the next push on nothing is held against it. What it said stays on record, and a policy of the same name can be put in force again.</p>
        </Confirm>
      </Show>
    </div>
  );
}
