/** An event in one line, wherever one is named: when, how grave, what, by whom; a link to all of it. */

import { A } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import type { EventShape, Party } from "~/api/shapes";
import { Severity, Time } from "./text";
import "./event-line.css";

const nameOf = (party: Party | undefined): string | undefined => party?.name ?? party?.id;

/** Who did it to what, as far as the record says. */
export function partiesOf(event: EventShape): string {
  const from = nameOf(event.actor) ?? event.network?.src_ip;
  const to = nameOf(event.object) ?? nameOf(event.subject) ?? event.device?.hostname;
  return [from, to].filter((one) => one && one !== "").join(" → ");
}

/** @param props.plain no link: what stands around it is what can be chosen. */
export function EventLine(props: { id: string; event: EventShape | null | undefined; integrity?: string | undefined; plain?: boolean }): JSX.Element {
  return (
    <span class="event-line">
      <Show when={props.event} fallback={<A href={`/events/${props.id}`} class="mono">{props.id}</A>}>
        {(event) => (
          <>
            <Time at={event().occurred_at} precision="second" />
            <Severity of={event().severity} />
            <Show when={!props.plain} fallback={<span>{event().event_type}</span>}><A href={`/events/${props.id}`}>{event().event_type}</A></Show>
            <span class="mono said">{event().message || partiesOf(event())}</span>
          </>
        )}
      </Show>
      <Show when={props.integrity}>{(state) => <Integrity of={state()} />}</Show>
    </span>
  );
}

const SAID: Record<string, readonly [string, string, string]> = {
  intact: ["✓", "good", "intact: the entry is what was pinned"],
  erased: ["∅", "quiet", "erased: the leaf is as it was, the payload was erased"],
  altered: ["✗", "bad", "altered: something does not agree"],
  missing: ["✗", "bad", "missing: the ledger has no entry there"],
};

/** Whether a pinned event still is what was pinned. */
export function Integrity(props: { of: string; reason?: string | undefined; words?: boolean }): JSX.Element {
  const said = (): readonly [string, string, string] => SAID[props.of] ?? ["?", "warn", props.of];
  return (
    <span class={`integrity ${said()[1]}`} title={props.reason ? `${props.of}: ${props.reason}` : said()[2]}>
      <span aria-hidden="true">{said()[0]}</span>
      <span classList={{ "visually-hidden": !props.words && props.of === "intact" }}>{props.of}</span>
    </span>
  );
}
