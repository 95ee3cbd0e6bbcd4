/** What policies said of pushes, the newest first; which are shown stands in the address. */

import { A, useSearchParams } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components, paths } from "~/api/schema";
import { paged } from "~/state/paged";
import { Answer, More } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";
import { Ended } from "./end";
import type { End } from "./worst";

type Decision = components["schemas"]["PolicyDecisionSummary"];
const FIELDS = ["repository", "policy", "result", "end", "start", "until"] as const;
type Asked = NonNullable<paths["/v1/policies/decisions"]["get"]["parameters"]["query"]>;
const RESULTS = ["pass", "fail", "indeterminate", "waived"] as const;
const ENDS = ["passed", "warned", "blocked", "undecided"] as const;
const PAGE = 50;

/** The decisions that are like `of`, in pages. */
export function DecisionList(props: { of: Asked; label: string }): JSX.Element {
  const wanted = createMemo(() => JSON.stringify(props.of));
  const list = paged(wanted, async (asked, cursor, signal) => {
    const query = { ...(JSON.parse(asked) as Asked), limit: PAGE, ...(cursor ? { cursor } : {}) };
    const page = await held(api.GET("/v1/policies/decisions", { params: { query }, signal }));
    return { items: page.decisions as readonly Decision[], next: page.next_cursor || undefined };
  });
  return (
    <Answer of={list} what="the decisions" isFresh>
      {(rows) => (
        <div class="stack">
          <Table
            label={props.label} each={rows()}
            fallback={<tr><td colspan="6" class="quiet">{list.hasMore() ? "None among the newest; older ones are still to be looked through." : "No decision is like that."}</td></tr>}
            head={<><th>Decided</th><th>How it ended</th><th>Repository</th><th class="number">Commits</th><th>Did not hold</th><th>Asked by</th></>}
          >
            {(one) => (
              <tr>
                <td><A href={`/agents/decisions/${one.id}`}><Time at={one.at} precision="second" /></A></td>
                <td><Ended of={one.end as End} /></td>
                <td class="mono">{one.repository}</td>
                <td class="number"><Show when={one.commits?.length} fallback={<span class="quiet">0</span>}><span title={one.commits!.join("\n")}>{count(one.commits!.length)}</span></Show></td>
                <td><Show when={!one.reason} fallback={<span class="bad">{one.reason}</span>}><For each={one.failed ?? []}>{(name) => <A class="chip mono" href={`/agents/policies/${encodeURIComponent(name)}`}>{name}</A>}</For></Show></td>
                <td>{one.by}<div class="quiet">{one.gate || "by hand"}</div></td>
              </tr>
            )}
          </Table>
          <More of={list} words="Older decisions" />
        </div>
      )}
    </Answer>
  );
}

export function Decisions(): JSX.Element {
  const [asked, ask] = useSearchParams<Record<string, string>>();
  const wanted = (): Asked => Object.fromEntries(FIELDS.map((name) => [name, asked[name]?.trim()]).filter(([, value]) => value));
  const put = (name: string, value: string): void => ask({ [name]: value || undefined }, { replace: true });
  const Text = (it: { name: string; label: string; example: string }): JSX.Element => (
    <label class="choice"><span class="label">{it.label}</span><input class="field mono" type="search" maxLength={300} placeholder={it.example} value={asked[it.name] ?? ""} onChange={(event) => put(it.name, event.currentTarget.value)} /></label>
  );
  const Choice = (it: { name: string; label: string; of: readonly string[] }): JSX.Element => (
    <label class="choice"><span class="label">{it.label}</span><select class="field" onChange={(event) => put(it.name, event.currentTarget.value)}><option value="">any</option><For each={it.of}>{(one) => <option value={one} selected={asked[it.name] === one}>{one}</option>}</For></select></label>
  );
  return (
    <div class="stack">
      <div class="row policies-controls" role="group" aria-label="Which decisions">
        <Text name="repository" label="Repository" example="host/owner/name" />
        <Text name="policy" label="Policy" example="payments-by-people" />
        <Choice name="result" label="It said" of={RESULTS} />
        <Choice name="end" label="It ended" of={ENDS} />
        <Text name="start" label="From" example="2026-11-01" />
        <Text name="until" label="Up to" example="2026-12-01" />
        <Show when={Object.keys(wanted()).length}><A class="button" href="/agents/policies?tab=decisions">All</A></Show>
      </div>
      <DecisionList of={wanted()} label="Decisions, the newest first" />
    </div>
  );
}
