/** What is known of an entity: by which sources, doing what, under which other names, together with whom. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { term } from "~/base/query";
import { entityPath, eventPath, timelinePath } from "~/base/paths";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";
import { KINDS, manyOf, type Entity } from "./kinds";

export function Known(props: { of: Entity }): JSX.Element {
  return (
    <div class="stack">
      <div class="entity-columns">
        <Values title="Sources" field="source" values={props.of.sources} of={props.of} />
        <Values title="Types of events" field="type" values={props.of.types} of={props.of} />
        <Values title="Outcomes" field="outcome" values={props.of.outcomes} of={props.of} />
        <Days of={props.of} />
      </div>
      <Show when={props.of.values_left_out}><p class="quiet">{count(props.of.values_left_out)} further sources, types or outcomes are not listed.</p></Show>
      <Aliases of={props.of} />
      <Related of={props.of} />
    </div>
  );
}

/** A bar behind a number, by how much of the most it is. */
function Share(props: { of: number; most: number }): JSX.Element {
  return <td class="number share"><i style={{ width: `${Math.max(2, (88 * props.of) / props.most)}%` }} />{count(props.of)}</td>;
}

function Values(props: { title: string; field: string; values: Entity["sources"]; of: Entity }): JSX.Element {
  const most = (): number => Math.max(1, ...props.values.map((one) => one.events));
  return (
    <section>
      <h2>{props.title}</h2>
      <Show when={props.values.length} fallback={<p class="quiet">None is stated.</p>}>
        <Table label={`By ${props.field}`} each={props.values} head={<><th>{props.field[0]!.toUpperCase() + props.field.slice(1)}</th><th class="number">Events</th></>}>
          {(one) => <tr><td><A class="mono" href={timelinePath(`${props.of.query} ${term(props.field, one.value)}`)}>{one.value}</A></td><Share of={one.events} most={most()} /></tr>}
        </Table>
      </Show>
    </section>
  );
}

function Days(props: { of: Entity }): JSX.Element {
  const most = (): number => Math.max(1, ...props.of.activity.map((one) => one.events));
  return (
    <section>
      <h2>Days</h2>
      <Show when={props.of.activity.length} fallback={<p class="quiet">No event of it has a time.</p>}>
        <Table label="Events by day" each={props.of.activity.slice(0, 14)} head={<><th>Day, in UTC</th><th class="number">Events</th></>}>
          {(one) => <tr><td class="mono">{one.day}</td><Share of={one.events} most={most()} /></tr>}
        </Table>
        <Show when={props.of.activity.length > 14}><p class="quiet">The newest 14 of {count(props.of.activity.length)} days; the strip above shows all.</p></Show>
      </Show>
    </section>
  );
}

const STRENGTH: Record<string, string> = { joined: "one and the same", ambiguous: "ambiguous", possible: "possibly" };
const RULE: Record<string, string> = { account: "account: id and name of one actor", device: "device: id and host name", "local-part": "same local part" };

function Aliases(props: { of: Entity }): JSX.Element {
  const aliases = (): Entity["aliases"] => props.of.aliases;
  const others = (): Entity["aliases"]["names"] => aliases().names.filter((name) => name.id !== props.of.id);
  return (
    <section class="stack">
      <h2>Other names</h2>
      <Show when={aliases().links.length} fallback={<p class="quiet">No event states another name for it, and none is alike.</p>}>
        <p>
          <Show when={others().length} fallback="Nothing is joined to it: no event states, without doubt, that another name is the same.">
            Events state that these are the same: <For each={others()}>{(name, i) => <>{i() ? ", " : ""}<A class="mono" href={entityPath(name.id)}>{name.value}</A></>}</For>.
          </Show>
        </p>
        <Table
          label="Other names" each={aliases().links}
          head={<><th>Name</th><th>Is it the same?</th><th>Rule</th><th>Why</th><th>Sources</th><th class="number">Events</th><th>Shown by</th></>}
        >
          {(link) => (
            <tr>
              <td>
                <Name of={link.one} here={props.of.id} /><Show when={link.one.id !== props.of.id && link.other.id !== props.of.id}> and <Name of={link.other} here={props.of.id} /></Show>
                <Show when={link.one.id === props.of.id}><Name of={link.other} here="" /></Show>
              </td>
              <td class={`nowrap alias-${link.strength}`}>{STRENGTH[link.strength]}</td>
              <td>{RULE[link.rule]}</td>
              <td>{link.reason}</td>
              <td>{link.sources.join(", ")}</td>
              <td class="number">{link.events ? count(link.events) : ""}</td>
              <td class="nowrap"><Show when={link.evidence} fallback={<span class="faint">no event</span>}>{(id) => <A href={eventPath(id())}><Show when={link.first_seen} fallback="evidence">{(at) => <Time at={at()} precision="second" />}</Show></A>}</Show></td>
            </tr>
          )}
        </Table>
      </Show>
      <Show when={aliases().spellings.length > 1}>
        <p>Written as <For each={aliases().spellings}>{(one, i) => <>{i() ? ", " : ""}<Show when={one.evidence} fallback={<span class="mono">{one.text}</span>}>{(id) => <A class="mono" href={eventPath(id())}>{one.text}</A>}</Show> <span class="quiet">×{count(one.times)}</span></>}</For>.</p>
      </Show>
      <For each={aliases().left_out}>{(one) => <p class="quiet">Not told: {one.why} ({count(one.count)}).</p>}</For>
    </section>
  );
}

function Name(props: { of: Entity["aliases"]["names"][number]; here: string }): JSX.Element {
  return <Show when={props.of.id !== props.here}><A class="mono" href={entityPath(props.of.id)}>{props.of.value}</A></Show>;
}

function Related(props: { of: Entity }): JSX.Element {
  const kinds = (): string[] => KINDS.filter((kind) => props.of.related.some((one) => one.kind === kind));
  return (
    <section class="stack">
      <h2>What it was seen with</h2>
      <p class="quiet">
        {props.of.related_by === "events" ? "Counted from all its events: every other key they have." : "Counted from its meetings with other parties of an event, since it has more than 5,000 events."}
        <Show when={props.of.not_counted?.length}> Not counted: {props.of.not_counted!.map((kind) => manyOf(kind).toLowerCase()).join(", ")}.</Show>
      </p>
      <Show when={kinds().length} fallback={<p class="quiet">Its events name nobody and nothing else.</p>}>
        <Table label="Whom it was met with" each={kinds()} head={<><th>Kind</th><th>Entity</th><th class="number">Events together</th><th>First</th><th>Last</th></>}>
          {(kind) => (
            <>
              <For each={props.of.related.filter((one) => one.kind === kind)}>
                {(one) => (
                  <tr>
                    <td class="quiet">{kind}</td>
                    <td><A class="mono" href={entityPath(one.id)}>{one.value}</A></td>
                    <td class="number"><A href={timelinePath(one.query)} title="These events on the timeline">{count(one.events)}</A></td>
                    <td class="nowrap"><Meeting at={one.first_seen} event={one.evidence.first} /></td>
                    <td class="nowrap"><Meeting at={one.last_seen} event={one.evidence.last} /></td>
                  </tr>
                )}
              </For>
              <Beyond kind={kind} of={props.of} />
            </>
          )}
        </Table>
      </Show>
    </section>
  );
}

function Beyond(props: { kind: string; of: Entity }): JSX.Element {
  const beyond = (): number => (props.of.related_totals[props.kind] ?? 0) - props.of.related.filter((one) => one.kind === props.kind).length;
  return <Show when={beyond() > 0}><tr><td class="quiet">{props.kind}</td><td colspan="4" class="quiet">and {count(beyond())} more, seen with it in fewer events</td></tr></Show>;
}

function Meeting(props: { at: string | null; event: string | undefined }): JSX.Element {
  return (
    <Show when={props.at} fallback={<span class="faint">undated</span>}>
      {(at) => <Show when={props.event} fallback={<Time at={at()} precision="second" />}>{(id) => <A href={eventPath(id())}><Time at={at()} precision="second" /></A>}</Show>}
    </Show>
  );
}
