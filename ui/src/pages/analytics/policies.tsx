/** What came of policies: how pushes ended over time, what each policy said, and how the mode in force stands. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { count } from "~/widgets/text";
import { Bars } from "./chart";
import { decisionsPath, ENDS, filled, RESULTS, type Filters, type PolicyFilters, type Step } from "./figures";

type Found = components["schemas"]["PolicyResults"];
type Sum = components["schemas"]["PolicySum"];

/** Of the page's filters those that decisions can be asked for by. */
const narrowed = (filters: Filters): PolicyFilters => ({
  ...(filters.repository ? { repository: filters.repository } : {}), ...(filters.start ? { start: filters.start } : {}), ...(filters.end ? { until: filters.end } : {}),
});

export function PolicyResults(props: { filters: Filters; step: Step }): JSX.Element {
  const wanted = (): PolicyFilters => narrowed(props.filters);
  const found = load(() => JSON.stringify({ ...wanted(), by: props.step }), (query, signal) => held(api.GET("/v1/policies/results", { params: { query: JSON.parse(query) as object }, signal })));
  const others = (): string[] => (["author", "agent", "model"] as const).filter((name) => props.filters[name]);
  return (
    <section class="stack" aria-labelledby="policies">
      <h2 id="policies">What policies said of pushes</h2>
      <Show when={others().length}><p class="quiet">A push is not one {others().join("'s or one ")}'s: that filter changes nothing here.</p></Show>
      <Answer of={found} what="what policies said">
        {(sums) => (
          <Show when={sums().total.decisions} fallback={<p class="quiet">No push was decided. <A href="/agents/policies">Policies</A> are held against what is pushed once <code>vestige agent init</code> has put the gate there.</p>}>
            <Show when={sums().left_out}><p class="warn">{count(sums().left_out)} older decisions are not counted.</p></Show>
            <p class="row"><strong><Figure n={sums().total.decisions} to={decisionsPath(wanted())} words="decisions" /></strong><For each={ENDS}>{(one) => <span class="key-line"><span class={`key series-${one.name}`}><Figure n={sums().total.ends[one.name] ?? 0} to={decisionsPath({ ...wanted(), end: one.name })} words={one.words} /></span></span>}</For></p>
            <div class="analytics-pair">
              <Bars label={`Decisions by ${props.step}, by how they ended`} series={ENDS} bars={filled(sums().rows, sums().by).map(({ name, row }) => ({ name, parts: ENDS.map((one) => row?.ends[one.name] ?? 0) }))} />
              <TimeTable of={sums()} filters={wanted()} />
              <ByPolicy of={sums()} filters={wanted()} />
              <Show when={may("status.read")}><Mode /></Show>
            </div>
          </Show>
        )}
      </Answer>
    </section>
  );
}

/** A number that opens the decisions it counts. */
function Figure(props: { n: number; to: string; words: string }): JSX.Element {
  return <Show when={props.n} fallback={<>{count(props.n)} {props.words}</>}><A href={props.to}>{count(props.n)} {props.words}</A></Show>;
}

/** The same in a table, where the head says the words. */
function Cell(props: { n: number; to: string; words: string }): JSX.Element {
  return <td class="num"><Show when={props.n} fallback={<span class="faint">0</span>}><A href={props.to}>{count(props.n)}<span class="visually-hidden"> {props.words}</span></A></Show></td>;
}

const DAY_MS = 86_400_000;

/** A row's own span within the one that is asked for. */
function spanOf(name: string, step: Step, filters: PolicyFilters): PolicyFilters {
  const from = Date.parse(name), to = from + (step === "day" ? 1 : 7) * DAY_MS;
  return {
    ...filters,
    start: filters.start && Date.parse(filters.start) > from ? filters.start : new Date(from).toISOString(),
    until: filters.until && Date.parse(filters.until) < to ? filters.until : new Date(to).toISOString(),
  };
}

function TimeTable(props: { of: Found; filters: PolicyFilters }): JSX.Element {
  const named = (row: Found["rows"][number]): string => row[props.of.by] ?? "";
  return (
    <section class="panel">
      <header><h2>Decisions by {props.of.by}</h2></header>
      <Table label={`Decisions by ${props.of.by}`} each={props.of.rows.toReversed()} frame="bare analytics-rows" head={<><th>{props.of.by === "day" ? "Day" : "Week from"}</th><For each={ENDS}>{(one) => <th class="num">{one.title}</th>}</For></>}>
        {(row) => <tr><td class="mono">{named(row)}</td><For each={ENDS}>{(one) => <Cell n={row.ends[one.name] ?? 0} words={`${one.words}, ${named(row)}`} to={decisionsPath({ ...spanOf(named(row), props.of.by, props.filters), end: one.name })} />}</For></tr>}
      </Table>
    </section>
  );
}

const bad = (one: Sum): number => (one.results["fail"] ?? 0) + (one.results["indeterminate"] ?? 0);

function ByPolicy(props: { of: Found; filters: PolicyFilters }): JSX.Element {
  return (
    <section class="panel">
      <header><h2>Results by policy</h2><span class="quiet">of commits, or of a whole push</span></header>
      <Table label="Results by policy" each={props.of.policies.toSorted((a, b) => bad(b) - bad(a))} frame="bare analytics-rows" fallback={<tr><td colspan="5" class="quiet">No policy said anything.</td></tr>} head={<><th>Policy</th><For each={RESULTS}>{(one) => <th class="num">{one.title}</th>}</For></>}>
        {(row) => (
          <tr>
            <td><A class="mono" href={`/agents/policies/${encodeURIComponent(row.policy)}`}>{row.policy}</A></td>
            <For each={RESULTS}>{(one) => <Cell n={row.results[one.name] ?? 0} words={`${one.title} of ${row.policy}`} to={decisionsPath({ ...props.filters, policy: row.policy, result: one.name })} />}</For>
          </tr>
        )}
      </Table>
    </section>
  );
}

const MARKS = { yes: "✓ held", no: "✗ not held", unknown: "? not known", nothing: "– not asked for" } as const;

const how = (one: { held: boolean | null; asked: string }): keyof typeof MARKS => (one.held === null ? (one.asked ? "unknown" : "nothing") : one.held ? "yes" : "no");

/** How the mode in force stands, now. */
function Mode(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/compliance")));
  return (
    <section class="panel">
      <header><h2 class="spread">Evidence for the mode in force</h2><A href="/compliance">All of it</A></header>
      <Answer of={found} what="how the mode stands">
        {(now) => (
          <Table label={`Points of the mode ${now().mode}`} each={now().points} frame="bare analytics-rows" isPlain head={<><th>{now().title}</th><th>Stands</th><th>What is there</th></>}>
            {(one) => <tr><td>{one.point}</td><td class="nowrap" classList={{ good: how(one) === "yes", bad: how(one) === "no", warn: how(one) === "unknown", quiet: how(one) === "nothing" }}>{MARKS[how(one)]}</td><td>{one.found}</td></tr>}
          </Table>
        )}
      </Answer>
    </section>
  );
}
