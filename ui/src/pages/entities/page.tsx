/** Who and what events are about: people, sessions, addresses, machines, files, with how often and when each was seen. */

import { A, useSearchParams } from "@solidjs/router";
import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { entityPath, timelinePath } from "~/base/paths";
import { offer } from "~/state/commands";
import { load } from "~/state/load";
import { paged } from "~/state/paged";
import { Answer } from "~/widgets/answer";
import { Rows, type Column } from "~/widgets/rows";
import { Empty } from "~/widgets/states";
import { count, Time } from "~/widgets/text";
import { KINDS, manyOf, type EntityRow } from "./kinds";
import "./entities.css";

const PAGE = 200;
const RESTS_MS = 250;
const SORTS = [["last", "Seen last"], ["first", "Seen earliest"], ["count", "In most events"], ["value", "By name"]] as const;
type Sort = (typeof SORTS)[number][0];

interface Asked {
  [name: string]: string;
  kind: string; q: string; match: string; sort: string;
}

const COLUMNS: readonly Column<EntityRow>[] = [
  { name: "Kind", width: "100px", cell: (row) => <span class="quiet">{row.kind}</span> },
  { name: "Entity", cell: (row) => <A class="mono" href={entityPath(row.id)}>{row.value}</A>, title: (row) => row.value },
  { name: "Events", width: "110px", isNumber: true, cell: (row) => <A href={timelinePath(row.query)} title="These events on the timeline">{count(row.events)}</A> },
  { name: "First seen", width: "212px", cell: (row) => <Seen at={row.first_seen} /> },
  { name: "Last seen", width: "212px", cell: (row) => <Seen at={row.last_seen} /> },
];

function Seen(props: { at: string | null }): JSX.Element {
  return <Show when={props.at} fallback={<span class="faint">undated</span>}>{(at) => <Time at={at()} />}</Show>;
}

const filterOf = (what: { text: string; isPrefix: boolean }): { prefix?: string; contains?: string } =>
  (what.text ? (what.isPrefix ? { prefix: what.text } : { contains: what.text }) : {});

export default function Entities(): JSX.Element {
  const [asked, ask] = useSearchParams<Asked>();
  const [lag, setLag] = createSignal(0);
  let search!: HTMLInputElement;
  const sort = (): Sort => SORTS.find(([name]) => name === asked.sort)?.[0] ?? "last";
  const isPrefix = (): boolean => asked.match === "prefix";
  const question = createMemo(() => ({ kind: asked.kind ?? "", text: (asked.q ?? "").trim(), isPrefix: isPrefix(), sort: sort() }), undefined, {
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  });
  const list = paged(question, async (what, cursor, signal) => {
    const found = await held(api.GET("/v1/entities", {
      params: {
        query: {
          sort: what.sort, limit: PAGE, ...(what.kind ? { kind: what.kind } : {}), ...(cursor ? { cursor } : {}), ...filterOf(what),
        },
      },
      signal,
    }));
    setLag(found.index_lag ?? 0);
    return { items: found.entities, next: found.next_cursor };
  });
  // A list of one kind counts that kind alone; the numbers beside the other kinds are asked for by themselves.
  const named = createMemo(() => filterOf(question()), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const counted = load(named, async (filter) => (await held(api.GET("/v1/entities", { params: { query: { ...filter, limit: 1 } } }))).totals ?? {});
  const totals = (): Readonly<Record<string, number>> => (counted.error() ? {} : (counted.value() ?? {}));
  const total = (): number => (asked.kind ? (totals()[asked.kind] ?? 0) : Object.values(totals()).reduce((sum, n) => sum + n, 0));
  let resting: ReturnType<typeof setTimeout> | undefined;
  function type(text: string): void {
    clearTimeout(resting);
    resting = setTimeout(() => ask({ q: text || undefined }, { replace: true }), RESTS_MS);
  }
  offer({ id: "entities.search", title: "Find an entity", group: "Entities", keys: ["/"], run: () => search.focus() });
  return (
    <div class="page entities-page">
      <header>
        <h1>Entities</h1>
        <p class="quiet">
          <Show when={counted.value()}>{count(total())} {asked.kind ? manyOf(asked.kind).toLowerCase() : "of all kinds"}{question().text ? ` ${isPrefix() ? "begin with" : "contain"} “${question().text}”` : ""}</Show>
        </p>
      </header>
      <div class="row entities-controls">
        <label class="choice grow">
          <span class="label">Find</span>
          <input ref={search} class="field mono" type="search" maxLength={256} placeholder="a name, an address, a part of either" value={asked.q ?? ""} onInput={(event) => type(event.currentTarget.value)} />
        </label>
        <label class="choice">
          <span class="label">Where</span>
          <select class="field" onChange={(event) => ask({ match: event.currentTarget.value === "prefix" ? "prefix" : undefined }, { replace: true })}>
            <option value="contains" selected={!isPrefix()}>anywhere in it</option>
            <option value="prefix" selected={isPrefix()}>at its beginning</option>
          </select>
        </label>
        <label class="choice">
          <span class="label">Order</span>
          <select class="field" onChange={(event) => ask({ sort: event.currentTarget.value === "last" ? undefined : event.currentTarget.value }, { replace: true })}>
            <For each={SORTS}>{([name, words]) => <option value={name} selected={name === sort()}>{words}</option>}</For>
          </select>
        </label>
      </div>
      <div class="row" role="group" aria-label="Kind">
        <button class="button" aria-pressed={!asked.kind} onClick={() => ask({ kind: undefined })}>All kinds</button>
        <For each={KINDS}>
          {(kind) => (
            <button class="button" aria-pressed={asked.kind === kind} onClick={() => ask({ kind: asked.kind === kind ? undefined : kind })}>
              {manyOf(kind)}<Show when={counted.value()}><span class="faint">{count(totals()[kind] ?? 0)}</span></Show>
            </button>
          )}
        </For>
      </div>
      <Show when={lag()}><p class="warn">The index lags {count(lag())} entries behind: what was taken in last may be missing.</p></Show>
      <Answer of={list} what="entities">
        {(rows) => (
          <Show when={rows().length} fallback={<Nothing isFiltered={question().text !== "" || question().kind !== ""} />}>
            <Rows label="Entities" columns={COLUMNS} rows={rows()} total={total()} near={() => void list.more()} height="calc(100vh - 250px)" />
          </Show>
        )}
      </Answer>
    </div>
  );
}

function Nothing(props: { isFiltered: boolean }): JSX.Element {
  return (
    <Show when={props.isFiltered} fallback={<Empty title="No entities yet">They come from events: who acted, from which address, on which machine. <A href="/sources">Take something in</A> first.</Empty>}>
      <Empty title="None is called so">Names are compared without regard to case. Another kind may have it, or only a part of what was typed.</Empty>
    </Show>
  );
}
