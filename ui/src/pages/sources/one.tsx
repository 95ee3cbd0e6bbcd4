/** One source: what it holds and how its clock stands; what is said of it, and saying it; what could not be read. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { printable } from "~/base/printable";
import { term } from "~/base/query";
import { showLength } from "~/base/instant";
import { load } from "~/state/load";
import { paged } from "~/state/paged";
import { may } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";
import { Said } from "./said";
import { allOf, gaps, gapsOf, Strip } from "./strip";

const SHOWN_GAPS = 12;

export function One(props: { name: string }): JSX.Element {
  const source = load(() => props.name, (name) => held(api.GET("/v1/sources/{source}", { params: { path: { source: name } } })));
  const coverage = load(() => props.name, (name) => held(api.GET("/v1/sources/coverage", { params: { query: { source: name } } })));
  const bands = () => coverage.now()?.sources[0]?.bands ?? [];
  const here = (): string => encodeURIComponent(term("source", props.name));
  return (
    <>
      <header>
        <h1><a href="/ui/sources" class="quiet">Sources</a> / <span class="mono">{props.name}</span></h1>
        <span class="spread" />
        <A class="button" href={`/timeline?q=${here()}`}>Its events on the timeline</A>
      </header>
      <Answer of={source} what="the source" isFresh>
        {(one) => (
          <>
            <div class="two">
              <section class="panel">
                <header><h2>What it holds</h2></header>
                <dl class="facts body">
                  <dt>Records</dt><dd>{count(one().records ?? 0)}, giving {count(one().events ?? 0)} events, from {count(one().acquisitions)} {one().acquisitions === 1 ? "acquisition" : "acquisitions"}</dd>
                  <dt>Not read</dt><dd>{count(one().unparsed ?? 0)} unparsed, {count(one().skipped ?? 0)} skipped: listed below</dd>
                  <dt>First, last</dt><dd><Show when={one().first} fallback="nothing of it is dated"><Time at={one().first} /> to <Time at={one().last} /></Show></dd>
                  <dt>Last heard</dt><dd><Show when={one().last_received} fallback="never"><Time at={one().last_received} precision="second" />, {count(one().received_last_hour ?? 0)} records within the last hour</Show></dd>
                  <dt>Times</dt>
                  <dd>
                    <Show when={one().time_quality} fallback="none yet">
                      {(quality) => <>{count(quality().exact)} exact, {count(quality().assumed_zone)} in an assumed zone, {count(quality().assumed_year)} in an assumed year, {count(quality().missing)} without one</>}
                    </Show>
                  </dd>
                  <Show when={one().stamped_in_the_future}><dt>Future</dt><dd class="bad">{count(one().stamped_in_the_future!)} events are stamped later than they were received: its clock is fast, or its zone is another</dd></Show>
                  <dt>Formats</dt>
                  <dd><For each={Object.entries(one().formats ?? {})} fallback="none">{([name, counts]) => <div><span class="mono">{name}</span>: {count(counts.events)} events{counts.generic ? `, ${count(counts.generic)} with a type that says little` : ""}</div>}</For></dd>
                  <dt>Id</dt><dd><Digest of={one().id} letters={26} /></dd>
                </dl>
              </section>
              <Said of={one()} said={(now) => { source.set(now); void coverage.again(); }} />
            </div>
            <section class="panel">
              <header><h2>Covered</h2><span class="quiet">{gapsOf(bands())}</span></header>
              <div class="body stack">
                <Show when={allOf([{ bands: bands() }])} fallback={<span class="quiet">Nothing of it is dated.</span>}>
                  {(whole) => (
                    <>
                      <div><Strip bands={bands()} whole={whole()} label={gapsOf(bands())} /><span class="ends quiet"><Time at={whole().first} precision="second" /><Time at={whole().last} precision="second" /></span></div>
                      <Show when={gaps(bands()).length}>
                        <Table
                          label="Stretches without evidence" each={gaps(bands()).toSorted((a, b) => (a.length > b.length ? -1 : 1)).slice(0, SHOWN_GAPS)}
                          head={<><th>Silent after</th><th>until</th><th class="num">for</th></>}
                        >
                          {(gap) => <tr><td><Time at={gap.after} /></td><td><Time at={gap.before} /></td><td class="num">{showLength(gap.length)}</td></tr>}
                        </Table>
                        <Show when={gaps(bands()).length > SHOWN_GAPS}><p class="quiet">The {SHOWN_GAPS} longest of {gaps(bands()).length} are shown.</p></Show>
                      </Show>
                    </>
                  )}
                </Show>
              </div>
            </section>
            <Show when={may("evidence.read")}><Unread name={props.name} many={(one().unparsed ?? 0) + (one().skipped ?? 0)} /></Show>
          </>
        )}
      </Answer>
    </>
  );
}

const PAGE = 100;

/** Records that could not be read, each to be opened. They state no time, so they are the undated ones. */
function Unread(props: { name: string; many: number }): JSX.Element {
  const query = (): string => `${term("source", props.name)} (type:record.unparsed OR type:record.skipped)`;
  const list = paged(query, async (q, cursor, signal) => {
    const asked = { q, undated: true, limit: PAGE, ...(cursor ? { cursor } : {}) };
    const page = (await held(api.GET("/v1/search", { params: { query: asked }, signal }))) as unknown as { events: EventShape[]; next_cursor?: string };
    return { items: page.events, next: page.next_cursor };
  });
  return (
    <section class="panel">
      <header><h2>Records that could not be read</h2><span class="quiet">{count(props.many)}</span></header>
      <Answer of={list} what="the records" isFresh>
        {(seen) => (
          <Show when={seen().length} fallback={<p class="body quiet">Every record of it was read.</p>}>
            <Table label="Records that could not be read" each={seen()} frame="bare" head={<><th>Record</th><th>Why</th><th>Received</th><th>What it says</th></>}>
              {(event) => (
                <tr>
                  <td><A class="mono" href={`/events/${event.id}`}>{event.id}</A></td>
                  <td>{event.event_type === "record.skipped" ? "skipped: " : ""}{reasonOf(event)}</td>
                  <td><Time at={event.received_at} precision="second" /></td>
                  <td class="mono">{excerptOf(event)}</td>
                </tr>
              )}
            </Table>
            <div class="body"><More of={list} /></div>
          </Show>
        )}
      </Answer>
    </section>
  );
}

interface Attributes {
  readonly attributes?: { readonly reason?: string; readonly excerpt?: string };
}

const reasonOf = (event: EventShape): string => (event as Attributes).attributes?.reason ?? event.message ?? "no reason is told";
const excerptOf = (event: EventShape): string => printable((event as Attributes).attributes?.excerpt ?? "").slice(0, 160);
