/** What a scan finds, as it comes: how far it is, every finding with its evidence, and what was not looked at. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { MINUTE, parseInstant } from "~/base/instant";
import { chainPath, eventPath, timelinePath } from "~/base/paths";
import { clampSpan } from "~/base/span";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { PinDialog } from "~/widgets/pin";
import { Failed } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Severity, Time } from "~/widgets/text";
import type { Scan, Told } from "./scanning";

const SHOWN = 200;
const AT_ONCE = 12;

/** @param props.kept what was found stands in a list of its own by now, and is not told twice. */
export function Results(props: { of: Scan; what: string; dry: boolean; kept?: boolean }): JSX.Element {
  const rate = (): string => {
    const at = props.of.progress();
    if (!at || !at.done || props.of.seconds() < 1) return "";
    const left = (props.of.seconds() / at.done) * (at.of - at.done);
    return left >= 1 ? `, about ${Math.ceil(left)} s left` : "";
  };
  return (
    <div class="stack" aria-live="polite">
      <Show when={props.of.isRunning()}>
        <div class="row" role="status">
          <span>{props.what}</span>
          <Show when={props.of.progress()} fallback={<progress aria-label={props.what} />}>{(at) => <progress aria-label={props.what} max={at().of} value={at().done} />}</Show>
          <span class="quiet">
            <Show when={props.of.progress()}>{(at) => <>{count(at().done)} of {count(at().of)}{at().pattern ? `: ${at().pattern}` : ""}{rate()}; </>}</Show>
            {count(props.of.found().length)} found, {props.of.seconds().toFixed(0)} s
          </span>
          <button class="button" onClick={() => props.of.stop()}>Stop</button>
        </div>
      </Show>
      <Show when={props.of.error()}>{(error) => <Failed error={error()} />}</Show>
      <Show when={props.of.isStopped()}><p class="warn">Stopped. {props.dry ? "What was found so far is shown; nothing was kept." : "What was found until then is kept; a scan anew finds the rest too."}</p></Show>
      <Show when={props.of.report()}>
        {(report) => (
          <p>
            <strong>{count(report().detections)} found</strong>{props.dry ? "; nothing was kept" : `, ${count(report().new ?? 0)} of them new`}
            {report().grown ? `, ${count(report().grown!)} went on` : ""}{report().rules === undefined ? "" : `, by ${count(report().rules!)} ${report().rules === 1 ? "rule" : "rules"}`}
            <span class="quiet">, {props.of.seconds().toFixed(1)} s</span>
            <Show when={report().index_lag}>. The index lags: the last {count(report().index_lag!)} entries were not scanned</Show>.
          </p>
        )}
      </Show>
      <Show when={!props.kept && props.of.found().length}><FoundTable found={props.of.found().slice(0, SHOWN)} /></Show>
      <Show when={!props.kept && props.of.found().length > SHOWN}><p class="quiet">The first {SHOWN} of {count(props.of.found().length)} are shown.</p></Show>
      <Missing of={props.of} />
    </div>
  );
}

function Missing(props: { of: Scan }): JSX.Element {
  const rows = (): { what: string; reason: string }[] => [
    ...props.of.missed(),
    ...(props.of.report()?.refused ?? []).map((one) => ({ what: `${one.file}${one.rule ? `, ${one.rule}` : ""}`, reason: one.reason })),
    ...(props.of.report()?.capped ?? []).map((what) => ({ what, reason: "it matches more often than is told: the oldest 10,000 matches are findings" })),
  ];
  return (
    <Show when={rows().length}>
      <h2>Not looked at, or not looked for</h2>
      <Table label="What was not looked at" each={rows()} head={<><th>What</th><th>Why</th></>}>
        {(one) => <tr><td class="mono">{one.what}</td><td>{one.reason}</td></tr>}
      </Table>
    </Show>
  );
}

/** When a finding's events happened. */
export function Spell(props: { from: string | null | undefined; to: string | null | undefined }): JSX.Element {
  return (
    <Show when={props.from} fallback={<span class="faint">undated</span>}>
      {(from) => <><Time at={from()} precision="second" /><Show when={props.to && props.to !== from()}><br /><span class="quiet">to</span> <Time at={props.to!} precision="second" /></Show></>}
    </Show>
  );
}

export function FoundTable(props: { found: readonly Told[] }): JSX.Element {
  return (
    <Table label="What was found" each={props.found} head={<><th>When</th><th>Severity</th><th>What, in common</th><th>Evidence</th></>}>
      {(one) => <FoundRow of={one} />}
    </Table>
  );
}

/** A finding; its evidence is read when somebody asks for it. */
function FoundRow(props: { of: Told }): JSX.Element {
  const [open, setOpen] = createSignal(false);
  return (
    <>
      <tr>
        <td class="nowrap"><Spell from={props.of.started_at} to={props.of.ended_at} /></td>
        <td><Severity of={props.of.severity} /></td>
        <td class="found-what">
          {props.of.title} <Show when={props.of.new || props.of.grown}><span class="chip">{props.of.new ? "new" : "went on"}</span></Show>
          <div class="mono quiet">{props.of.pattern}</div>
          <For each={props.of.keys}>{(key) => <div class="mono"><span class="quiet">{key.kind}</span> {key.value}</div>}</For>
        </td>
        <td><button class="button" aria-expanded={open()} onClick={() => setOpen(!open())}>{open() ? "Hide" : "Show"} {props.of.evidence.length === 1 ? "the event" : `${count(props.of.evidence.length)} events`}</button></td>
      </tr>
      <Show when={open()}>
        <tr>
          <td colspan="4">
            <Evidence ids={props.of.evidence} from={props.of.started_at} to={props.of.ended_at} />
            <Show when={(props.of.events ?? 0) > props.of.evidence.length}><p class="quiet">{count(props.of.events!)} events belong to it; these are by which it was first found, and the latest.</p></Show>
          </td>
        </tr>
      </Show>
    </>
  );
}

/** Events by their ids: the first of them at once, more when asked for. */
export function Evidence(props: { ids: readonly string[]; from?: string | null | undefined; to?: string | null | undefined }): JSX.Element {
  const [pinning, setPinning] = createSignal(false);
  const onTimeline = (): string | undefined => {
    const [start, end] = [parseInstant(props.from ?? ""), parseInstant(props.to ?? props.from ?? "")];
    if (start === undefined || end === undefined) return undefined;
    const room = (end - start) / 4n + MINUTE;
    return timelinePath("", clampSpan(start - room, end + room), props.ids[0]);
  };
  const [most, setMost] = createSignal(AT_ONCE);
  const events = load(
    () => [props.ids, most()] as const,
    ([ids, number]) => Promise.all(ids.slice(0, number).map((event_id) => held(api.GET("/v1/events/{event_id}", { params: { path: { event_id } } })).catch(() => ({ id: event_id }))) as Promise<EventShape>[]),
  );
  return (
    <Show when={!events.error()} fallback={<Failed error={events.error()} />}>
      <ol class="evidence">
        <For each={events.value()} fallback={<li class="quiet">Reading events …</li>}>
          {(event) => (
            <li>
              <Show when={event.event_type} fallback={<span class="faint">not there any more, or not to be seen:</span>}>
                <Time at={event.occurred_at} precision="second" /> <span class="mono quiet">{event.event_type}</span>
              </Show>{" "}
              <A href={eventPath(event.id)} title={event.message}>{event.message || event.id}</A>
            </li>
          )}
        </For>
      </ol>
      <div class="row">
        <Show when={props.ids.length > most()}><button class="button" onClick={() => setMost(most() + 50)}>Show more: {count(props.ids.length - most())} are left</button></Show>
        <Show when={props.ids[0]}>{(id) => <A class="button" href={chainPath(id())}>The chain from the first</A>}</Show>
        <Show when={onTimeline()}>{(path) => <A class="button" href={path()}>On the timeline</A>}</Show>
        <Show when={may("cases.write") && props.ids.length}><button class="button" onClick={() => setPinning(true)}>Pin them …</button></Show>
        <Show when={pinning()}><PinDialog events={props.ids} close={() => setPinning(false)} /></Show>
      </div>
    </Show>
  );
}
