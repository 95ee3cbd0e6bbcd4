/** An event's fields as they are understood: each value can be asked about, each says where it came from. */

import { For, Show, type JSX } from "solid-js";
import { count, Digest, Time } from "~/widgets/text";
import { amendable, asWritten, corrected, groupsOf, keyRows, type Row } from "./fields";
import { Pivot } from "./pivot";
import { QUALITY, type Detail } from "./shape";
import { Should } from "./should";

export function Normalised(props: { event: Detail }): JSX.Element {
  return (
    <div class="event-columns">
      <Times event={props.event} />
      <For each={groupsOf(props.event)}>{(group) => <Rows name={group.name} rows={group.rows} event={props.event} />}</For>
      <Elsewhere event={props.event} />
      <Show when={keyRows(props.event).length}><Rows name="Keys" rows={keyRows(props.event)} event={props.event} /></Show>
      <Where event={props.event} />
    </div>
  );
}

function Rows(props: { name: string; rows: readonly Row[]; event: Detail }): JSX.Element {
  const read = (row: Row): string => `${props.event.parser ?? ""} read it from ${row.from.join(", ")}`;
  return (
    <section>
      <h2>{props.name}</h2>
      <dl class="facts event-facts">
        <For each={props.rows}>
          {(row) => (
            <>
              <dt title={row.from.length ? read(row) : ""}>{row.name}</dt>
              <dd>
                <Pivot of={row} />
                <Show when={row.from.length}><span class="from faint" title={read(row)}>from {row.from[0]}</span></Show>
                <Should event={props.event} name={row.name} />
              </dd>
            </>
          )}
        </For>
      </dl>
    </section>
  );
}

/** What was corrected and has no row of its own here: what the event does not say, and original fields. */
function Elsewhere(props: { event: Detail }): JSX.Element {
  const rows = (): Set<string> => new Set(["message", "occurred_at", ...(props.event.observed_at ? ["observed_at"] : []), ...groupsOf(props.event).flatMap((group) => group.rows.map((row) => row.name))]);
  const names = (): string[] => corrected(props.event).filter((name) => !rows().has(name));
  const said = (name: string): string | undefined => amendable(props.event).flatMap((group) => group.fields).find((one) => one.name === name)?.value;
  return (
    <Show when={names().length}>
      <section>
        <h2>Amended besides</h2>
        <dl class="facts event-facts">
          <For each={names()}>
            {(name) => <><dt title={name}>{name}</dt><dd><Show when={said(name)} fallback={<span class="faint">not said</span>}>{(value) => <span class="mono">{value()}</span>}</Show><Should event={props.event} name={name} /></dd></>}
          </For>
        </dl>
      </section>
    </Show>
  );
}

function Times(props: { event: Detail }): JSX.Element {
  const text = (): string | undefined => props.event.time_text;
  return (
    <section>
      <h2>Times</h2>
      <dl class="facts event-facts">
        <dt>occurred</dt>
        <dd>
          <Show when={props.event.occurred_at} fallback={<span class="warn">no usable time</span>}>{(at) => <Time at={at()} precision={asWritten(at())} />}</Show>
          <span class="from beneath faint">{QUALITY[props.event.time_quality ?? ""] ?? props.event.time_quality}</span>
          <Should event={props.event} name="occurred_at" />
        </dd>
        <Show when={text()}>
          <dt>as written</dt>
          <dd><Pivot of={{ name: "time_text", value: text()!, term: undefined, entity: undefined }} /></dd>
        </Show>
        <Show when={props.event.clock_offset}><dt>clock offset</dt><dd><span class="mono">{props.event.clock_offset}</span> <span class="from beneath faint">added to what the source's clock says</span></dd></Show>
        <Show when={props.event.observed_at}><dt>observed</dt><dd><Time at={props.event.observed_at} precision={asWritten(props.event.observed_at!)} /> <span class="from beneath faint">by who reported it</span><Should event={props.event} name="observed_at" /></dd></Show>
        <dt>received</dt>
        <dd><Time at={props.event.received_at} precision="micro" /> <span class="from beneath faint">by this server's clock; stands in the leaf</span></dd>
      </dl>
    </section>
  );
}

function Where(props: { event: Detail }): JSX.Element {
  const from = (): Detail["provenance"] => props.event.provenance;
  return (
    <section>
      <h2>Where it lies</h2>
      <dl class="facts event-facts">
        <dt>event</dt><dd><Digest of={props.event.id} letters={32} /></dd>
        <dt>log, entry</dt><dd><span class="mono">{from().log}</span>, {count(props.event.seq)}</dd>
        <Show when={from().record !== undefined}><dt>record</dt><dd>{count(from().record!)}<Show when={from().offset !== undefined}> <span class="from faint">at byte {count(from().offset!)} of the file</span></Show></dd></Show>
        <dt>payload</dt><dd>{count(from().length)} bytes <span class="from faint">{from().media_type}</span></dd>
        <dt>leaf hash</dt><dd><Digest of={from().leaf_hash} letters={64} /></dd>
        <dt>commitment</dt><dd><Digest of={from().commitment} letters={64} /></dd>
      </dl>
    </section>
  );
}
