/** Sessions of coding agents, those seen last first: what each did and cost, and how much of it several witnesses tell. */

import { A, useSearchParams } from "@solidjs/router";
import { createMemo, createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { sessionPath } from "~/base/paths";
import { paged } from "~/state/paged";
import { Answer } from "~/widgets/answer";
import { Rows, type Column } from "~/widgets/rows";
import { Empty } from "~/widgets/states";
import { count, Time } from "~/widgets/text";
import { CoverageBar } from "./coverage";
import { allTokens, costText, type SessionRow } from "./figures";
import "./sessions.css";

const PAGE = 50;
const FIELDS = [["repository", "Repository", "host/owner/name"], ["agent", "Agent", "claude-code"], ["model", "Model", "claude-opus-5"], ["actor", "Person", "ann@example.org"], ["start", "From", "2026-11-01"], ["end", "To", "2026-12-01"]] as const;

type Asked = Partial<Record<(typeof FIELDS)[number][0], string>>;

const COLUMNS: readonly Column<SessionRow>[] = [
  { name: "Last seen", width: "140px", cell: (row) => <Time at={row.last_seen} precision="minute" /> },
  { name: "Agent", width: "105px", cell: (row) => row.agent || <span class="faint">unknown</span> },
  { name: "Session", cell: (row) => <A class="mono" href={sessionPath(row.id)}>{row.id}</A>, title: (row) => row.repository || row.directories[0] || row.id },
  { name: "Prompts", width: "78px", isNumber: true, cell: (row) => count(row.prompts) },
  { name: "Calls", width: "60px", isNumber: true, cell: (row) => count(row.tool_calls) },
  { name: "Files", width: "56px", isNumber: true, cell: (row) => count(row.files) },
  { name: "Denied", width: "70px", isNumber: true, cell: (row) => <Show when={row.denials} fallback={<span class="faint">0</span>}>{count(row.denials)}</Show> },
  { name: "Tokens", width: "95px", isNumber: true, cell: (row) => <Show when={row.tokens_of} fallback={<span class="faint">not told</span>}>{count(allTokens(row.tokens))}</Show> },
  { name: "Cost", width: "95px", isNumber: true, cell: (row) => costText(row.cost), title: (row) => (row.cost.unpriced ?? []).map((one) => one.reason).join("; ") || row.cost.prices },
  { name: "Coverage", width: "140px", cell: (row) => <CoverageBar of={row.coverage} /> },
];

export default function Sessions(): JSX.Element {
  const [asked, ask] = useSearchParams<Record<string, string>>();
  const [lag, setLag] = createSignal(0);
  const question = createMemo((): Asked => Object.fromEntries(FIELDS.flatMap(([name]) => (asked[name]?.trim() ? [[name, asked[name].trim()]] : []))), undefined, {
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  });
  const list = paged(question, async (what, cursor, signal) => {
    const found = await held(api.GET("/v1/agents/sessions", { params: { query: { ...what, limit: PAGE, ...(cursor ? { cursor } : {}) } }, signal }));
    setLag(found.index_lag ?? 0);
    return { items: found.sessions, next: found.next_cursor };
  });
  return (
    <div class="page">
      <h1>Sessions</h1>
      <div class="row sessions-controls">
        {FIELDS.map(([name, words, example]) => (
          <label class="choice">
            <span class="label">{words}</span>
            <input class="field mono" type="search" maxLength={256} placeholder={example} value={asked[name] ?? ""} onChange={(event) => ask({ [name]: event.currentTarget.value || undefined }, { replace: true })} />
          </label>
        ))}
      </div>
      <Show when={lag()}><p class="warn">The index lags {count(lag())} entries behind: what was taken in last may be missing.</p></Show>
      <Answer of={list} what="sessions">
        {(rows) => (
          <Show when={rows().length} fallback={<Nothing isFiltered={Object.keys(question()).length > 0} />}>
            <Rows label="Sessions" columns={COLUMNS} rows={rows()} near={() => void list.more()} height="calc(100vh - 210px)" />
          </Show>
        )}
      </Answer>
    </div>
  );
}

function Nothing(props: { isFiltered: boolean }): JSX.Element {
  return (
    <Show when={props.isFiltered} fallback={<Empty title="No sessions yet">They come from what coding agents tell: their transcripts, hooks and telemetry. <A href="/sources">Take some in</A>, or run <code>vestige agent init</code> in a repository.</Empty>}>
      <Empty title="None is like that">Repositories, agents and models are compared whole.</Empty>
    </Show>
  );
}
