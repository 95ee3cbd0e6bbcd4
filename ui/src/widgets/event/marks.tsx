/** What stands beside a record: holds, redactions, amendments, cases, and how far its time may be trusted. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { may } from "~/state/session";
import { Time } from "~/widgets/text";
import { fieldsOf } from "./fields";
import { LiftDialog } from "./lift";
import { QUALITY, type Detail, type Remark } from "./shape";

const listed = (remarks: Detail["erased"]): readonly Remark[] => (remarks === undefined ? [] : Array.isArray(remarks) ? remarks as readonly Remark[] : [remarks as Remark]);

export function Marks(props: { event: Detail; changed: () => void }): JSX.Element {
  const [lifting, setLifting] = createSignal<Remark>();
  const from = (): Detail["provenance"] => props.event.provenance;
  return (
    <div class="marks">
      <Show when={props.event.time_quality && props.event.time_quality !== "exact"}>
        <span class="chip warn" title={QUALITY[props.event.time_quality!]}>time: {props.event.time_quality!.replace("_", " ")}</span>
      </Show>
      <Show when={props.event.clock_offset}>
        <span class="chip warn" title="The source's clock was found to be wrong; its times are shown corrected by this">clock {props.event.clock_offset}</span>
      </Show>
      <For each={listed(props.event.erased)}>
        {(one) => <Mark tone="bad" title="Erased" one={one}>Its bytes and salt are gone for good. The leaf stays, so that it was here stays provable.</Mark>}
      </For>
      <For each={props.event.redacted}>
        {(one) => (
          <Mark tone="warn" title={one.fields ? `Redacted: ${one.fields.join(", ")}` : "Redacted"} one={one}>
            {one.fields ? "The values of these fields are hidden wherever they stand in this event." : "All but its time and source is hidden."} The record and its proof stay as they are.
            <Show when={may("evidence.redact")}> <button class="button" onClick={() => setLifting(one)}>Show it again</button></Show>
          </Mark>
        )}
      </For>
      <For each={props.event.holds}>
        {(hold) => (
          <details class="chip mark">
            <summary>Held: {hold.reason}</summary>
            <div class="mark-more">
              <p>Nobody may erase this record until hold <span class="mono">{hold.id}</span> is released.</p>
              <p class="quiet">Set by {hold.by}, <Time at={hold.since} precision="second" />{hold.because ? `: ${hold.because}` : ""}</p>
              <p><A href="/integrity?tab=holds">All holds</A></p>
            </div>
          </details>
        )}
      </For>
      <For each={props.event.amended}>
        {(one) => (
          <Mark tone="plain" title={`Amended: ${fieldsOf(one).join(", ")}`} one={one}>
            Somebody said later what it should say. The record stays as it was taken in.
            <dl class="facts">
              <For each={Object.entries(one.set ?? {})}>{([name, value]) => <><dt class="mono">{name}</dt><dd class="mono">{value || <span class="quiet">nothing</span>}</dd></>}</For>
              <For each={one.withheld}>{(name) => <><dt class="mono">{name}</dt><dd class="quiet">withheld, as the record is</dd></>}</For>
            </dl>
          </Mark>
        )}
      </For>
      <For each={props.event.cases}>
        {(one) => <A class="chip mark" href={`/cases/${encodeURIComponent(one.id)}`} title={one.annotation || "Pinned in this case"}>Pinned: {one.name}</A>}
      </For>
      <Show when={from().source_verified}><span class="chip good" title="What its source signs agrees with this record">vouched for by its source</span></Show>
      <Show when={from().source_contradicted}><span class="chip bad" title="What its source signs does not agree with this record">contradicted by its source</span></Show>
      <Show when={lifting()}>{(one) => <LiftDialog remark={one()} close={() => setLifting()} done={props.changed} />}</Show>
    </div>
  );
}

function Mark(props: { tone: string; title: string; one: Remark; children: JSX.Element }): JSX.Element {
  return (
    <details class={`chip mark ${props.tone}`}>
      <summary>{props.title}{props.one.reason ? ` (${props.one.reason})` : ""}</summary>
      <div class="mark-more">
        <div>{props.children}</div>
        <p class="quiet">By {props.one.by ?? "somebody"}, <Time at={props.one.at} precision="second" />, entry <A class="mono" href={`/events/${props.one.entry}`}>{props.one.entry}</A></p>
      </div>
    </details>
  );
}
