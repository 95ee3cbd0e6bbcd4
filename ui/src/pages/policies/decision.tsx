/** One decision: what was pushed, what each policy said of it and by what, and whether the same comes of its record. */

import { A, useParams } from "@solidjs/router";
import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { toText } from "~/base/instant";
import { eventPath, sessionPath } from "~/base/paths";
import { acting } from "~/state/acting";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Failed } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";
import { Ended } from "./end";
import { idOf, repositories } from "./repositories";
import { Commit, Results, type Result } from "./results";
import { endOf } from "./worst";
import "~/styles/lists.css";
import "./policies.css";

/** As the record of a decision has it (docs/policies.md). */
interface Decision {
  readonly id: string;
  /** Nanoseconds since 1970, as its record has it. */
  readonly at: string;
  readonly by: string;
  readonly repository: string;
  readonly gate: string;
  readonly facts: {
    readonly updates?: readonly { readonly ref: string; readonly old?: string; readonly new?: string; readonly forced?: boolean }[];
    readonly commits?: readonly { readonly oid: string; readonly subject?: string; readonly author?: string; readonly sessions?: readonly string[]; readonly seal?: string }[];
    readonly sessions?: readonly { readonly id: string; readonly seal?: string }[];
  };
  readonly outcome: { readonly passed: boolean; readonly blocked: boolean; readonly results: readonly Result[] };
  readonly policies: readonly { readonly entry: string; readonly revision: number; readonly body: { readonly name: string } }[];
  readonly digests: Readonly<Record<string, string>>;
  readonly engine: Readonly<Record<string, string>>;
  readonly missed?: readonly string[];
}
interface Replay {
  readonly same: boolean;
  readonly digests_hold: boolean;
  readonly engine_same: boolean;
  readonly policies_in_ledger: boolean;
  readonly differs: readonly unknown[];
}

export default function DecisionPage(): JSX.Element {
  const params = useParams<{ decision: string }>();
  const found = load(() => params.decision, (decision, signal) => held(api.GET("/v1/policies/decisions/{decision}", { params: { path: { decision } }, signal })) as Promise<unknown> as Promise<Decision>);
  const kept = repositories();
  return (
    <div class="page policies-page">
      <header><h1><A href="/agents/policies?tab=decisions">Decisions</A> / <span class="mono">{params.decision.slice(-8)}</span></h1></header>
      <Answer of={found} what="the decision" isFresh>
        {(one) => {
          const id = (): string | undefined => idOf(kept.value(), one().repository);
          const commits = () => one().facts.commits ?? [];
          const seals = (): Record<string, string> => Object.fromEntries((one().facts.sessions ?? []).map((session) => [session.id, session.seal ?? ""]));
          return (
            <>
              <section class="panel">
                <header><h2 class="spread"><Ended of={endOf(one().outcome)} /></h2><A class="button" href={eventPath(one().id)}>The entry, with its proof</A></header>
                <dl class="facts body">
                  <dt>Repository</dt><dd class="mono">{one().repository}</dd>
                  <dt>Decided</dt><dd><Time at={toText(BigInt(one().at))} precision="second" />, asked by {one().by}{one().gate ? ` at ${one().gate}` : ""}</dd>
                  <For each={one().facts.updates ?? []}>
                    {(ref) => <><dt>Ref</dt><dd><span class="mono">{ref.ref || "a range"}</span> <Show when={ref.old} fallback={<span class="quiet">new</span>}><Commit oid={ref.old!} repository={id()} /></Show> → <Show when={ref.new} fallback={<span class="quiet">deleted</span>}><Commit oid={ref.new!} repository={id()} /></Show><Show when={ref.forced}> <span class="warn">forced</span></Show></dd></>}
                  </For>
                  <dt>Policies</dt><dd class="row tags"><For each={one().policies} fallback={<span class="quiet">none covers it</span>}>{(policy) => <span><A class="mono" href={`/agents/policies/${encodeURIComponent(policy.body.name)}`}>{policy.body.name}</A> <A href={eventPath(policy.entry)}>version {count(policy.revision)}</A></span>}</For></dd>
                  <For each={Object.entries(one().digests)}>{([name, digest]) => <><dt>Digest of {name}</dt><dd><Digest of={digest} /></dd></>}</For>
                  <Show when={one().missed?.length}><dt>Refused before</dt><dd><For each={one().missed}>{(line) => <div class="mono">{line}</div>}</For></dd></Show>
                </dl>
              </section>
              <Again of={one().id} />
              <section class="stack" aria-labelledby="results">
                <h2 id="results">What each policy said</h2>
                <Results label="Results, the worst first" of={one().outcome.results} repository={id()} subjects={Object.fromEntries(commits().map((commit) => [commit.oid, commit.subject ?? ""]))} />
              </section>
              <section class="stack" aria-labelledby="pushed">
                <h2 id="pushed">What was pushed</h2>
                <Table
                  label="Commits, the oldest first" each={commits()} fallback={<tr><td colspan="5" class="quiet">No commit.</td></tr>}
                  head={<><th>Commit</th><th>Message</th><th>Author, as it says</th><th>Sessions</th><th>Seal</th></>}
                >
                  {(commit) => (
                    <tr>
                      <td><Commit oid={commit.oid} repository={id()} /></td><td>{commit.subject}</td><td>{commit.author}</td>
                      <td><For each={commit.sessions ?? []} fallback={<span class="quiet">none is known</span>}>{(session) => <div><A class="mono" href={sessionPath(session)}>{session}</A> <Show when={seals()[session]} fallback={<span class="warn">not sealed</span>}>{(seal) => <A href={eventPath(seal())}>seal</A>}</Show></div>}</For></td>
                      <td><Show when={commit.seal} fallback={<span class="quiet">none</span>}>{(seal) => <A class="mono" href={eventPath(seal())}>{seal().slice(-8)}</A>}</Show></td>
                    </tr>
                  )}
                </Table>
              </section>
            </>
          );
        }}
      </Answer>
    </div>
  );
}

/** Decides again from the record, and says what came of it. */
function Again(props: { of: string }): JSX.Element {
  const [came, setCame] = createSignal<Replay>();
  const { isBusy, error, run } = acting();
  const again = (): Promise<unknown> => run(async () => setCame((await held(api.GET("/v1/policies/decisions/{decision}/replay", { params: { path: { decision: props.of } } }))) as Replay));
  const whole = (one: Replay): boolean => one.same && one.digests_hold && one.policies_in_ledger;
  return (
    <div class="stack tight">
      <div class="row">
        <button class="button" disabled={isBusy()} onClick={() => void again()}>{isBusy() ? "Deciding …" : "Decide again from its record"}</button>
        <span role="status">
          <Switch>
            <Match when={came() && whole(came()!)}><span class="good">✓ The same comes of it, to the byte.</span><Show when={!came()!.engine_same}> <span class="quiet">By another version of the program than then.</span></Show></Match>
            <Match when={came()}>
              {(one) => <span class="bad">✗ {one().same ? "The same comes of it" : `${count(one().differs.length)} results are others now`}; {one().digests_hold ? "the digests hold" : "the digests do not hold"}; {one().policies_in_ledger ? "the policies are those of the ledger" : "a policy is not as the ledger has it"}.</span>}
            </Match>
          </Switch>
        </span>
      </div>
      <Show when={error()}>{(caught) => <Failed error={caught()} />}</Show>
    </div>
  );
}
