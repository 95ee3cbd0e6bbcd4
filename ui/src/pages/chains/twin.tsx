/** The chain as tables: every event with the link that leads to it, and what was not followed. */

import { A } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { eventPath } from "~/base/paths";
import { Table } from "~/widgets/table";
import { count, Severity, Time } from "~/widgets/text";
import { eventsOf, type Chain } from "./marks";
import { howMany, whyLeftOut } from "./words";

export function EventsTable(props: { chain: Chain }): JSX.Element {
  const links = (): Map<string, Chain["links"][number]> => new Map(props.chain.links.map((link) => [link.to, link]));
  const told = (): Map<string, string> => new Map(props.chain.same_acts.map(([one, other]) => [other!, one!]));
  return (
    <Table
      label="Events of the chain" each={eventsOf(props.chain)}
      head={<><th>Time</th><th>Severity</th><th>Source, type</th><th>What</th><th class="number" title="How many events of the window have the shared key">Events with it</th><th class="number">Strength</th><th>Reason</th></>}
    >
      {(event) => {
        const link = links().get(event.id);
        const first = told().get(event.id);
        return (
          <tr id={`event-${event.id}`}>
            <td class="nowrap"><Time at={event.occurred_at} /></td>
            <td><Severity of={event.severity} /></td>
            <td>{event.source}<br /><span class="mono">{event.event_type}</span></td>
            <td class="what"><A class="two-lines" title={event.message} href={eventPath(event.id)}>{event.message || event.id}</A></td>
            <td class="number">{link ? count(link.rarity) : ""}</td>
            <td class="number">{link ? link.strength.toFixed(3) : ""}</td>
            <td class="why">
              {link ? <>{link.reason}; from <a href={`#event-${link.from}`}>{link.from.slice(-6)}</a></> : <strong>the chain begins here</strong>}
              <Show when={first}>{(id) => <> · the same act as <a href={`#event-${id()}`}>{id().slice(-6)}</a></>}</Show>
            </td>
          </tr>
        );
      }}
    </Table>
  );
}

export function LeftOut(props: { chain: Chain }): JSX.Element {
  return (
    <Show when={props.chain.left_out.length} fallback={<p class="quiet">Nothing was left out: every key of these events was followed to its end.</p>}>
      <Table label="Keys that were not followed" each={props.chain.left_out} head={<><th>Key</th><th>Value</th><th class="number">Events not taken</th><th>Why</th></>}>
        {(one) => (
          <tr><td>{one.key}</td><td class="mono">{one.value}</td><td class="number">{howMany(one)}</td><td>{whyLeftOut(one.why)}</td></tr>
        )}
      </Table>
    </Show>
  );
}
