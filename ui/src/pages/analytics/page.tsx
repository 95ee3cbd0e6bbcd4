/** What agents did, took and cost, over time and by whom; every figure leads to the sessions and entries behind it. */

import { A, useSearchParams } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { allTokens, costText, dollars, shareText } from "~/widgets/figures";
import { Empty } from "~/widgets/states";
import { count } from "~/widgets/text";
import { Bars } from "./chart";
import { barsOf, DRAWN, FILTERS, stepIn, stepOf, tableBy, type Drawn, type Filters, type Stats, type Step } from "./figures";
import { Lines } from "./lines";
import { PolicyResults } from "./policies";
import { CallTable, CoverageTable, SumTable } from "./tables";
import "~/styles/lists.css";
import "./analytics.css";

const WORDS: Record<(typeof FILTERS)[number], readonly [string, string]> = {
  start: ["From", "2026-11-01"], end: ["To", "2026-12-01"], repository: ["Repository", "host/owner/name"],
  author: ["Author", "ann@example.org"], agent: ["Agent", "claude-code"], model: ["Model", "claude-opus-5"],
};
const BY = ["model", "author", "agent", "repository", "witnesses", "tool", "server", "program"] as const;

export default function Analytics(): JSX.Element {
  const [asked, ask] = useSearchParams<Record<string, string>>();
  const filters = createMemo((): Filters => Object.fromEntries(FILTERS.flatMap((name) => (asked[name]?.trim() ? [[name, asked[name].trim()]] : []))), undefined, {
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  });
  const step = (): Step => stepOf(asked["step"], filters());
  const drawn = (): Drawn => (asked["draw"] && asked["draw"] in DRAWN ? (asked["draw"] as Drawn) : "tokens");
  const question = createMemo(() => ({ ...filters(), by: [step(), ...BY].join(";") }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const found = load(question, (query, signal) => held(api.GET("/v1/agents/stats", { params: { query }, signal })));
  return (
    <div class="page analytics">
      <h1>Analytics</h1>
      <div class="row analytics-controls">
        <For each={FILTERS}>
          {(name) => (
            <label class="choice">
              <span class="label">{WORDS[name][0]}</span>
              <input class="field mono" type="search" maxLength={256} placeholder={WORDS[name][1]} value={asked[name] ?? ""} onChange={(event) => ask({ [name]: event.currentTarget.value || undefined }, { replace: true })} />
            </label>
          )}
        </For>
      </div>
      <Answer of={found} what="the figures">
        {(stats) => (
          <>
            <Show when={stats().index_lag}><p class="warn">The index lags {count(stats().index_lag ?? 0)} entries behind: what was taken in last may be missing.</p></Show>
            <Show when={stats().total.sessions} fallback={<Nothing isFiltered={Object.keys(filters()).length > 0} />}>
              <Whole of={stats()} filters={filters()} />
              <section class="stack" aria-labelledby="time">
                <div class="row">
                  <h2 id="time" class="spread">Over time</h2>
                  <Choice label="What is drawn" of={DRAWN} here={drawn()} set={(draw) => ask({ draw }, { replace: true })} />
                  <Choice label="By" of={{ day: "Days", week: "Weeks" }} here={step()} set={(one) => ask({ step: one }, { replace: true })} />
                </div>
                <div class="analytics-pair">
                  <Bars label={`${DRAWN[drawn()]} by ${stepIn(stats())}`} {...barsOf(stats(), stepIn(stats()), drawn())} {...(drawn() === "cost" || drawn() === "cache" ? { unit: "$" } : {})} />
                  <SumTable title={`By ${stepIn(stats())}`} by={stepIn(stats())} {...tableBy(stats(), stepIn(stats()))} filters={filters()} inTime />
                </div>
              </section>
              <div class="analytics-pair">
                <SumTable title="By model" by="model" {...tableBy(stats(), "model")} filters={filters()} />
                <SumTable title="By author" by="author" {...tableBy(stats(), "author")} filters={filters()} />
                <SumTable title="By repository" by="repository" {...tableBy(stats(), "repository")} filters={filters()} />
                <SumTable title="By agent" by="agent" {...tableBy(stats(), "agent")} filters={filters()} />
                <CallTable title="Tools" by="tool" {...tableBy(stats(), "tool")} filters={filters()} empty="No tool was called." />
                <CallTable title="MCP servers" by="server" {...tableBy(stats(), "server")} filters={filters()} empty="No tool of a server (mcp__server__tool) was called." />
                <CallTable title="Command-line software" by="program" {...tableBy(stats(), "program")} filters={filters()} empty="No command was run." />
                <CoverageTable title="Coverage" by="witnesses" {...tableBy(stats(), "witnesses")} filters={filters()} />
              </div>
            </Show>
          </>
        )}
      </Answer>
      <Show when={may("code.read")}><Lines filters={filters()} step={step()} /></Show>
      <Show when={may("policies.read")}><PolicyResults filters={filters()} step={step()} /></Show>
    </div>
  );
}

function Whole(props: { of: Stats; filters: Filters }): JSX.Element {
  const all = (): Stats["total"] => props.of.total;
  const sessions = (): string => {
    const { author, ...rest } = props.filters;
    return `/agents/sessions?${new URLSearchParams({ ...rest, ...(author ? { actor: author } : {}) })}`;
  };
  return (
    <dl class="analytics-whole">
      <div><dt>Sessions</dt><dd><A href={sessions()}>{count(all().sessions)}</A></dd><dd class="quiet">{count(all().prompts)} prompts; {span(all().length.median)} in the middle, {span(all().length.longest)} the longest</dd></div>
      <div><dt>Calls</dt><dd>{count(all().tool_calls)}</dd><dd class="quiet">{count(all().denials)} denied, {count(all().errors)} failed</dd></div>
      <div><dt>Tokens</dt><dd><Show when={all().tokens.answers} fallback="nobody told them">{count(allTokens(all().tokens))}</Show></dd><dd class="quiet">{count(all().tokens.input)} in, {count(all().tokens.output)} out, {count(all().tokens.cache_read)} from caches</dd></div>
      <div><dt>Cost</dt><dd>{costText(all().cost)}</dd><dd class="quiet">by {all().cost.prices}<For each={all().cost.unpriced ?? []}>{(one) => <span>; {one.model || "no model"}: {one.reason}</span>}</For></dd></div>
      <div>
        <dt>Saved by caches</dt>
        <dd>{all().cache.net_usd === null ? "unknown" : dollars(all().cache.net_usd!)}</dd>
        <dd class="quiet"><Show when={all().cache.gross_usd} fallback="an answer that used a cache has no price">{(gross) => <>{dollars(gross())} by reading, less {dollars(all().cache.extra_usd!)} for writing</>}</Show></dd>
      </div>
      <div><dt>Coverage</dt><dd>{shareText(all().coverage.share)}</dd><dd class="quiet">sessions told by several witnesses: {count(all().coverage.several)}; by one: {count(all().coverage.one)}</dd></div>
    </dl>
  );
}

const UNITS = [[86_400, "d"], [3600, "h"], [60, "min"]] as const;
function span(seconds: number | null): string {
  if (seconds === null) return "no time";
  const unit = UNITS.find(([size]) => seconds >= size);
  return unit ? `${Number((seconds / unit[0]).toPrecision(2))} ${unit[1]}` : `${Math.round(seconds)} s`;
}

function Choice<T extends string>(props: { label: string; of: Readonly<Record<T, string>>; here: T; set: (one: T) => void }): JSX.Element {
  return (
    <div class="row tags" role="group" aria-label={props.label}>
      <For each={Object.entries(props.of) as [T, string][]}>{([name, words]) => <button class="button compact" aria-pressed={props.here === name} onClick={() => props.set(name)}>{words}</button>}</For>
    </div>
  );
}

function Nothing(props: { isFiltered: boolean }): JSX.Element {
  return (
    <Show when={props.isFiltered} fallback={<Empty title="No sessions yet"><p>Figures come from what coding agents tell: their transcripts, hooks and telemetry. <A href="/sources">Take some in</A>, or run <code>vestige agent init</code> in a repository.</p></Empty>}>
      <Empty title="No session is like that"><p>Repositories, authors, agents and models are compared whole. <A href="/agents/analytics">Ask for all of them</A>.</p></Empty>
    </Show>
  );
}
