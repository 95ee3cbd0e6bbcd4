/** Every source in a table: how much, from when to when, with which gaps, how far its times may be trusted. */

import { useSearchParams } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Empty, Waiting } from "~/widgets/states";
import { count, Time } from "~/widgets/text";
import { allOf, gapsOf, Strip } from "./strip";

export type Source = components["schemas"]["Source"];
type Found = components["schemas"]["SourceList"];

export const hrefOf = (name: string): string => `/ui/sources?source=${encodeURIComponent(name)}`;

export function SourceList(props: { found: Found | undefined }): JSX.Element {
  const [search, setSearch] = useSearchParams<{ find?: string }>();
  const coverage = load(() => true, () => held(api.GET("/v1/sources/coverage")));
  const skew = load(() => true, () => held(api.GET("/v1/sources/skew")) as unknown as Promise<Skews>);
  const rows = (): Source[] => (props.found?.sources ?? []).filter((one) => one.name.toLowerCase().includes((search.find ?? "").toLowerCase()));
  const bands = (name: string) => coverage.value()?.sources.find((one) => one.source === name)?.bands ?? [];
  const span = () => allOf(coverage.value()?.sources ?? []);
  const sum = (of: (one: Source) => number): string => count(rows().reduce((all, one) => all + of(one), 0));
  return (
    <Show when={props.found} fallback={<Waiting what="the sources" />}>
      <Show
        when={props.found!.sources.length}
        fallback={
          <Empty title="Nothing has come in yet">
            <Show when={may("evidence.write")} fallback="Whoever may take evidence in adds files, or sets up what sends here.">
              <a href="/ui/sources?tab=add">Add files</a>, or <a href="/ui/sources?tab=receivers">let a program send here</a>.
            </Show>
          </Empty>
        }
      >
        <div class="row">
          <input class="field find" type="search" aria-label="Find a source by its name" placeholder="Find a source" value={search.find ?? ""} onInput={(event) => setSearch({ find: event.currentTarget.value || undefined }, { replace: true })} />
          <span class="quiet">{rows().length} of {props.found!.sources.length} sources</span>
          <Show when={props.found!.index_lag}><span class="warn">The index is {count(props.found!.index_lag!)} entries behind: counts will rise.</span></Show>
        </div>
        <div class="table">
          <table class="sources">
            <caption class="visually-hidden">Sources, with what each holds</caption>
            <thead>
              <tr>
                <th>Source</th><th>Format</th><th class="num">Records</th><th class="num">Events</th><th class="num">Not read</th>
                <th class="num">Last hour</th><th>First</th><th>Last</th><th class="cover">Covered</th><th>Clock</th><th>Last heard</th>
              </tr>
            </thead>
            <tbody>
              <For each={rows()}>
                {(one) => (
                  <tr>
                    <td class="mono"><a href={hrefOf(one.name)} title={one.name}>{one.name}</a></td>
                    <td class="mono formats" title={formatsOf(one)}>{formatsOf(one)}</td>
                    <td class="num">{count(one.records ?? 0)}</td>
                    <td class="num">{count(one.events ?? 0)}</td>
                    <td class="num">{unread(one) ? <a class="warn" href={hrefOf(one.name)}>{count(unread(one))}</a> : <span class="faint">0</span>}</td>
                    <td class="num">{one.received_last_hour ? count(one.received_last_hour) : <span class="faint">0</span>}</td>
                    <td><Show when={one.first} fallback={<span class="faint">undated</span>}><Time at={one.first} precision="minute" /></Show></td>
                    <td><Show when={one.last}><Time at={one.last} precision="minute" /></Show></td>
                    <td class="cover"><Show when={span()}>{(whole) => <Strip bands={bands(one.name)} whole={whole()} label={`${one.name}: ${gapsOf(bands(one.name))}`} />}</Show></td>
                    <td><Clock of={one} /></td>
                    <td><Show when={one.last_received} fallback={<span class="faint">never</span>}><Time at={one.last_received} precision="second" /></Show></td>
                  </tr>
                )}
              </For>
            </tbody>
            <tfoot>
              <tr>
                <th>All</th><td /><td class="num">{sum((one) => one.records ?? 0)}</td><td class="num">{sum((one) => one.events ?? 0)}</td>
                <td class="num">{sum(unread)}</td><td class="num">{sum((one) => one.received_last_hour ?? 0)}</td><td /><td />
                <td class="cover"><Show when={span()}>{(whole) => <span class="ends quiet"><Time at={whole().first} precision="day" /><Time at={whole().last} precision="day" /></span>}</Show></td><td /><td />
              </tr>
            </tfoot>
          </table>
        </div>
        <p class="quiet">A gap is a stretch of more than {span() ? Math.round((coverage.value()?.join_seconds ?? 300) / 60) : 5} minutes without evidence of a source: silence there means nothing. Times stand as the records state them, with what is said of each source's clock.</p>
        <Clocks found={skew.value()} />
      </Show>
    </Show>
  );
}

const formatsOf = (one: Source): string => Object.keys(one.formats ?? {}).join(", ") || "none";
const unread = (one: Source): number => (one.unparsed ?? 0) + (one.skipped ?? 0);

/** In a few words: what its times rest on, and what is said of its clock. */
export function Clock(props: { of: Source }): JSX.Element {
  const settings = () => props.of.settings;
  const quality = () => props.of.time_quality;
  return (
    <span class="row tight">
      <Show when={settings().clock_offset}><span class="chip" title={`Evidence: ${(settings().evidence ?? []).join(", ") || settings().because}`}>{settings().clock_offset}</span></Show>
      <Show when={settings().zone}><span class="chip">{settings().zone}</span></Show>
      <Show when={quality()?.assumed_year}><span class="warn" title={`${count(quality()!.assumed_year)} stamps state no year`}>year assumed</span></Show>
      <Show when={quality()?.assumed_zone}><span class="warn" title={`${count(quality()!.assumed_zone)} stamps state no offset`}>zone assumed</span></Show>
      <Show when={quality()?.missing}><span class="quiet" title={`${count(quality()!.missing)} events state no usable time`}>{count(quality()!.missing)} undated</span></Show>
      <Show when={props.of.stamped_in_the_future}><span class="bad" title="Stamped later than they were received">{count(props.of.stamped_in_the_future!)} in the future</span></Show>
      <Show when={quality() && quality()!.exact && !quality()!.assumed_year && !quality()!.assumed_zone && !quality()!.missing}><span class="quiet">exact</span></Show>
    </span>
  );
}

interface Skews {
  readonly pairs: readonly { a: string; b: string; verdict: string; offset: string; pairs: number; says?: string; mend?: string; suspect?: string }[];
}

/** Two sources that saw the same acts at different times: one of the clocks is wrong. */
function Clocks(props: { found: Skews | undefined }): JSX.Element {
  const wrong = () => (props.found?.pairs ?? []).filter((one) => one.says);
  return (
    <Show when={wrong().length}>
      <section class="panel">
        <header><h2>Clocks that do not agree</h2></header>
        <ul class="body stack">
          <For each={wrong()}>
            {(one) => (
              <li class="stack tight">
                <span><span class="mono">{one.a}</span> and <span class="mono">{one.b}</span> saw {count(one.pairs)} same acts {one.offset} apart: {one.says}.</span>
                <Show when={one.suspect}><a href={hrefOf(one.suspect!)}>See {one.suspect}</a></Show>
                <code class="quiet">{one.mend}</code>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  );
}
