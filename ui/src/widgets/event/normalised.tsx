/** An event's fields as they are understood: each value can be asked about, each says where it came from. */

import { For, Show, type JSX } from "solid-js";
import { count, Digest, Time } from "~/widgets/text";
import { asWritten, groupsOf, keyRows, type Row } from "./fields";
import { Pivot } from "./pivot";
import { QUALITY, type Detail } from "./shape";

export function Normalised(props: { event: Detail }): JSX.Element {
  return (
    <div class="event-columns">
      <Times event={props.event} />
      <For each={groupsOf(props.event)}>{(group) => <Rows name={group.name} rows={group.rows} parser={props.event.parser ?? ""} />}</For>
      <Show when={keyRows(props.event).length}><Rows name="Keys" rows={keyRows(props.event)} parser={props.event.parser ?? ""} /></Show>
      <Where event={props.event} />
    </div>
  );
}

function Rows(props: { name: string; rows: readonly Row[]; parser: string }): JSX.Element {
  return (
    <section>
      <h2>{props.name}</h2>
      <dl class="facts event-facts">
        <For each={props.rows}>
          {(row) => (
            <>
              <dt title={row.from.length ? `${props.parser} read it from ${row.from.join(", ")}` : ""}>{row.name}</dt>
              <dd>
                <Pivot of={row} />
                <Show when={row.from.length}><span class="from faint" title={`${props.parser} read it from ${row.from.join(", ")}`}>from {row.from[0]}</span></Show>
              </dd>
            </>
          )}
        </For>
      </dl>
    </section>
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
        </dd>
        <Show when={text()}>
          <dt>as written</dt>
          <dd><Pivot of={{ name: "time_text", value: text()!, term: undefined, entity: undefined }} /></dd>
        </Show>
        <Show when={props.event.clock_offset}><dt>clock offset</dt><dd><span class="mono">{props.event.clock_offset}</span> <span class="from beneath faint">added to what the source's clock says</span></dd></Show>
        <Show when={props.event.observed_at}><dt>observed</dt><dd><Time at={props.event.observed_at} precision={asWritten(props.event.observed_at!)} /> <span class="from beneath faint">by who reported it</span></dd></Show>
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
