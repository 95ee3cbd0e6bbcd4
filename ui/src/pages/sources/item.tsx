/** One file on its way in. */

import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import { tellError } from "~/state/notices";
import { again, approve, drop, explain, goOn, pause, type Coming, type Reading } from "~/state/uploads";
import { Bar, seconds } from "~/widgets/running";
import { Wrong } from "~/widgets/states";
import { bytes, count } from "~/widgets/text";
import { ReadingFields } from "./reading";
import { Report } from "./report";

const SAID: Record<Coming["stage"], string> = {
  queued: "waits for its turn", reading: "reading it", sending: "sending", paused: "paused", away: "give the same file again to go on", asking: "here: look at it, then take it in",
  approved: "waits to be taken in", taking: "taking it in", done: "taken in", failed: "not taken in",
};
const SHOWN = 12;

export function Item(props: { of: Coming }): JSX.Element {
  const one = () => props.of;
  const moves = (): boolean => one().stage === "reading" || one().stage === "sending" || one().stage === "paused" || one().stage === "away";
  return (
    <li data-stage={one().stage}>
      <div class="head">
        <span class="name mono" title={one().name}>{one().name}</span>
        <span class="num quiet">{bytes(one().size)}</span>
        <Switch fallback={<span />}>
          <Match when={moves()}><Bar done={one().done} of={one().size} label={`${one().name}: ${SAID[one().stage]}`} /></Match>
          <Match when={one().stage === "taking"}><Bar done={one().progress?.share} of={1} label={`${one().name}: taking it in`} /></Match>
        </Switch>
        <span class="quiet"><Status of={one()} /></span>
        <span class="row tight">
          <Show when={["queued", "reading", "sending"].includes(one().stage)}><button class="button" onClick={() => pause(one().key)}>Pause</button></Show>
          <Show when={one().stage === "paused"}><button class="button" onClick={() => goOn(one().key)}>Go on</button></Show>
          <Show when={one().stage === "failed" && one().size > 0}><button class="button" onClick={() => again(one().key)}>Try again</button></Show>
          <Show when={one().stage !== "taking"}>
            <button class="button bare" onClick={() => void drop(one().key).catch(tellError)}>{one().stage === "done" ? "Clear" : "Let it go"}</button>
          </Show>
        </span>
      </div>
      <Show when={one().stage === "asking"}><Ask of={one()} /></Show>
      <Show when={one().error}>{(error) => <div class="more"><Wrong error={error()} /></div>}</Show>
      <Show when={one().report}>{(report) => <div class="more"><Report of={report()} /></div>}</Show>
    </li>
  );
}

function Status(props: { of: Coming }): JSX.Element {
  const rest = (): number => (props.of.rate > 0 ? (props.of.size - props.of.done) / props.of.rate : 0);
  return (
    <Switch fallback={SAID[props.of.stage]}>
      <Match when={props.of.waiting}><span class="warn">the server does not answer; this goes on by itself</span></Match>
      <Match when={props.of.stage === "reading" || props.of.stage === "sending"}>
        {SAID[props.of.stage]}, {bytes(props.of.done)}{props.of.rate ? `, ${bytes(props.of.rate)}/s` : ""}{rest() >= 1 ? `, ${seconds(rest())} left` : ""}
      </Match>
      <Match when={props.of.stage === "away"}><span class="warn">{bytes(props.of.done)} are here: {SAID.away}</span></Match>
      <Match when={props.of.stage === "taking" && props.of.progress}>
        {(progress) => <>{count(progress().records)} records{progress().seconds > 0.5 ? `, ${count(Math.round(progress().records / progress().seconds))}/s` : ""}</>}
      </Match>
      <Match when={props.of.report}>{(report) => <>{SAID.done}: {count(report().records)} records in {report().seconds.toFixed(1)} s</>}</Match>
    </Switch>
  );
}

/** What a file would be read as, and the word to take it in. */
function Ask(props: { of: Coming }): JSX.Element {
  const [reading, setReading] = createSignal<Reading>(props.of.reading);
  const explained = () => props.of.explained;
  const others = (): string[] => [...new Set((explained() ?? []).flatMap((one) => Object.keys(one.others ?? {}).concat(one.format ?? "")))].filter(Boolean);
  function change(next: Reading): void {
    setReading(next);
    void explain(props.of.key, next);
  }
  return (
    <div class="more stack">
      <Show when={explained()} fallback={<span class="quiet" role="status">Looking at what it is …</span>}>
        {(found) => (
          <ul class="stack tight">
            <For each={found().slice(0, SHOWN)}>
              {(member) => (
                <li>
                  <Show when={found().length > 1}><span class="mono">{member.file}</span>: </Show>
                  <Show when={member.format} fallback={<span class="warn">It would not be read: {member.skipped}</span>}>
                    It would be read as <strong class="mono">{member.format}</strong> ({Math.round((member.confidence ?? 0) * 100)} % sure), source <strong class="mono">{reading().source ?? member.source}</strong>. <span class="quiet">{member.why}</span>
                  </Show>
                </li>
              )}
            </For>
            <Show when={found().length > SHOWN}><li class="quiet">and {count(found().length - SHOWN)} more members</li></Show>
          </ul>
        )}
      </Show>
      <details><summary class="quiet">Read it otherwise</summary><ReadingFields of={reading()} change={change} others={others()} /></details>
      <div class="row">
        <button class="button primary" onClick={() => approve(props.of.key, reading())}>Take it in</button>
        <span class="quiet">Nothing of it is evidence before that. What was taken in stays.</span>
      </div>
    </div>
  );
}
