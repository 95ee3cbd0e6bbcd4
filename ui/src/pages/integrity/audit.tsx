/** Who did what here: the tenant's own acts, which are entries of its ledger. */

import { A, useSearchParams } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { paged } from "~/state/paged";
import { Answer, More } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";

type Act = components["schemas"]["Act"];
const FIELDS = [
  ["action", "Action", "key.revoked, key.*"], ["actor", "Actor", "ann@example.org"], ["resource", "Upon", "key:01K…"],
  ["from", "From", "2026-11-01"], ["to", "Up to", "2026-12-01"],
] as const;
type Field = (typeof FIELDS)[number][0];
const PAGE = 100;

export function Audit(): JSX.Element {
  const [search, setSearch] = useSearchParams<Partial<Record<Field, string>>>();
  const wanted = (): Partial<Record<Field, string>> => Object.fromEntries(FIELDS.map(([name]) => [name, search[name]]).filter(([, value]) => value));
  const acts = paged(() => JSON.stringify(wanted()), async (asked, cursor, signal) => {
    const query = { ...(JSON.parse(asked) as Partial<Record<Field, string>>), limit: PAGE, ...(cursor ? { cursor } : {}) };
    const page = await held(api.GET("/v1/audit", { params: { query }, signal }));
    return { items: page.entries as readonly Act[], next: page.next_cursor };
  });
  function filter(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setSearch(Object.fromEntries(FIELDS.map(([name]) => [name, String(form.get(name) ?? "").trim() || undefined])));
  }
  return (
    <div class="stack">
      <form class="row" onSubmit={filter} aria-label="Which acts">
        <For each={FIELDS}>
          {([name, label, example]) => <label class="grow"><span class="label">{label}</span><input class="field mono" name={name} placeholder={example} value={search[name] ?? ""} /></label>}
        </For>
        <button class="button primary">Show</button>
        <Show when={Object.keys(wanted()).length}><a class="button" href="/ui/integrity?tab=audit">All</a></Show>
      </form>
      <Answer of={acts} what="the audit trail">
        {(found) => (
          <>
            <Show when={found().length} fallback={<p class="quiet">No act is like that.</p>}>
              <Table
                label="Acts, the newest first" each={found()}
                head={<><th class="num">Entry</th><th>At</th><th>Actor</th><th>Action</th><th>Upon</th><th>How it came out</th><th>From</th></>}
              >
                {(act) => (
                  <tr>
                    <td class="num"><A class="mono" href={`/events/${act.id}`} title={act.id}>{count(act.seq)}</A></td>
                    <td><Time at={act.at} /></td>
                    <td><Show when={act.actor} fallback={<span class="faint">Vestige</span>}><a href={`/ui/integrity?tab=audit&actor=${encodeURIComponent(act.actor)}`}>{act.actor}</a></Show></td>
                    <td class="mono nowrap"><a href={`/ui/integrity?tab=audit&action=${encodeURIComponent(act.action)}`}>{act.action}</a></td>
                    <td class="mono upon">{act.resource}</td>
                    <td class="mono detail"><Detail of={act.detail} /></td>
                    <td title={[act.agent, act.request, act.key].filter(Boolean).join("\n")}>{act.address}</td>
                  </tr>
                )}
              </Table>
            </Show>
            <div class="row">
              <More of={acts} />
              <span class="quiet">{count(found().length)} shown, the newest first. There is no other record of them, and no way to change one.</span>
            </div>
          </>
        )}
      </Answer>
    </div>
  );
}

const SHORT = 140;

/** What an act says of itself: in one line, all of it when opened. */
function Detail(props: { of: Readonly<Record<string, unknown>> }): JSX.Element {
  const line = (): string => Object.entries(props.of).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
  return (
    <Show when={line().length > SHORT} fallback={line()}>
      <details><summary>{line().slice(0, SHORT)} …</summary><pre>{JSON.stringify(props.of, null, 1)}</pre></details>
    </Show>
  );
}
