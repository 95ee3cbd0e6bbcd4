/** The record told again at the pace it happened, or a multiple of it. */

import { A, useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, For, on, Show, type JSX } from "solid-js";
import { parseInstant, showInstant, showLength } from "~/base/instant";
import { eventPath, timelinePath } from "~/base/paths";
import type { Span } from "~/base/span";
import { offer } from "~/state/commands";
import { zone } from "~/state/preferences";
import { Icon } from "~/widgets/icon";
import { DensityStrip } from "~/widgets/strip";
import { Table } from "~/widgets/table";
import { count, Severity, Time } from "~/widgets/text";
import { createPlayer, type Score } from "./player";
import { KEPT } from "./told";
import "./replay.css";

const SPEEDS: readonly (readonly [string, string])[] = [
  ["1", "1×: as it happened"], ["10", "10×"], ["60", "60×: a minute a second"], ["300", "300×"], ["600", "600×"], ["1800", "1,800×"], ["3600", "3,600×: an hour a second"], ["0", "as fast as it goes"],
];
const GAPS: readonly (readonly [string, string])[] = [["0", "wait for all of it"], ["1", "1 s at most"], ["2", "2 s at most"], ["5", "5 s at most"], ["30", "30 s at most"]];
const USUAL_SPEED = "60";
const USUAL_GAP = "2";

interface Asked {
  [name: string]: string;
  q: string; from: string; to: string; speed: string; gap: string;
}

const number = (text: string | undefined, usual: string): number => (text && Number.isFinite(Number(text)) ? Number(text) : Number(usual));

export default function Replay(): JSX.Element {
  const [asked, ask] = useSearchParams<Asked>();
  const score = createMemo((): Score => ({
    query: asked.q ?? "", start: asked.from ?? "", end: asked.to ?? "", speed: number(asked.speed, USUAL_SPEED), gap: number(asked.gap, USUAL_GAP),
  }));
  const player = createPlayer(score);
  const span = createMemo((): Span | undefined => {
    const start = parseInstant(asked.from ?? "");
    const end = parseInstant(asked.to ?? "");
    return start !== undefined && end !== undefined && start < end ? { start, end } : undefined;
  });
  createEffect(on(() => [score().query, score().start, score().end] as const, () => player.reset(), { defer: true }));
  createEffect(on(() => [score().speed, score().gap] as const, () => player.repace(), { defer: true }));
  const isGoing = (): boolean => player.state() === "playing" || player.state() === "lost";
  const toggle = (): void => (isGoing() ? player.pause() : player.play());
  const faster = (by: number): void => {
    const at = SPEEDS.findIndex(([value]) => Number(value) === score().speed);
    const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))]!;
    ask({ speed: next[0] === USUAL_SPEED ? undefined : next[0] }, { replace: true });
  };
  offer(
    { id: "replay.play", title: "Play or pause", group: "Replay", keys: [" ", "k"], run: toggle },
    { id: "replay.faster", title: "Faster", group: "Replay", keys: [">"], run: () => faster(1) },
    { id: "replay.slower", title: "Slower", group: "Replay", keys: ["<"], run: () => faster(-1) },
    { id: "replay.again", title: "From the beginning", group: "Replay", keys: ["0"], run: () => { player.reset(); player.play(); } },
  );
  return (
    <div class="page replay-page">
      <header>
        <h1>Replay</h1>
        <p class="quiet">Events that match, oldest first, at the pace they happened. Those without a time are not part of it.</p>
        <span class="spread" />
        <A class="button" href={timelinePath(score().query, span())}><Icon name="timeline" />On the timeline</A>
      </header>
      <form class="row replay-controls" onSubmit={(event) => event.preventDefault()}>
        <label class="choice grow"><span class="label">Only what matches</span><input class="field mono" maxLength={4096} placeholder="every event" value={asked.q ?? ""} onChange={(event) => ask({ q: event.currentTarget.value.trim() || undefined })} /></label>
        <label class="choice"><span class="label">From</span><input class="field mono" maxLength={40} placeholder="the beginning" value={asked.from ?? ""} onChange={(event) => ask({ from: event.currentTarget.value.trim() || undefined })} /></label>
        <label class="choice"><span class="label">To</span><input class="field mono" maxLength={40} placeholder="the end" value={asked.to ?? ""} onChange={(event) => ask({ to: event.currentTarget.value.trim() || undefined })} /></label>
      </form>
      <DensityStrip query={score().query} span={span()} cursor={player.cursor()} pick={player.seek} label="Where the replay is: choose where it goes on" />
      <div class="row replay-controls">
        <button class="button primary play" onClick={toggle}><Icon name={isGoing() ? "pause" : "replay"} />{isGoing() ? "Pause" : player.state() === "done" ? "Play again" : "Play"}</button>
        <button class="button" disabled={player.state() === "idle"} onClick={() => player.reset()}>To the beginning</button>
        <Pick label="Speed" value={`${score().speed}`} options={SPEEDS} choose={(value) => ask({ speed: value === USUAL_SPEED ? undefined : value }, { replace: true })} />
        <Pick label="Silence" value={`${score().gap}`} options={GAPS} choose={(value) => ask({ gap: value === USUAL_GAP ? undefined : value }, { replace: true })} />
        <span class="spread" />
        <p role="status">
          <Show when={player.cursor() !== undefined}><strong class="mono">{showInstant(player.cursor()!, zone(), "second")}</strong> </Show>
          <span class="quiet">{count(player.count())} told{player.state() === "done" ? ": that was all" : player.state() === "paused" ? ", paused" : ""}</span>
          <Show when={player.state() === "lost"}> <span class="warn">The connection is lost; it goes on behind the last event as soon as there is one.</span></Show>
        </p>
      </div>
      <Show when={player.told().length} fallback={<p class="quiet">{player.state() === "done" ? "Nothing with a time matches." : "Nothing was told yet. Play, or choose on the strip where to begin."}</p>}>
        <Table label="Events as they are told" each={player.told()} frame="told" head={<><th>Time</th><th>Severity</th><th>Source</th><th>Type</th><th>What</th></>}>
          {(one) => (
            <>
              <tr>
                <td class="nowrap"><Time at={one.event.occurred_at} /></td>
                <td><Severity of={one.event.severity} /></td>
                <td>{one.event.source}</td>
                <td class="mono nowrap">{one.event.event_type}</td>
                <td><A href={eventPath(one.event.id)}>{one.event.message || one.event.id}</A></td>
              </tr>
              <Show when={one.cut > 0n}><tr class="cut"><td colspan="5" class="quiet">{showLength(one.cut)} of silence were not waited for</td></tr></Show>
            </>
          )}
        </Table>
        <Show when={player.count() > KEPT}><p class="quiet">The newest {count(KEPT)} are listed. <A href={timelinePath(score().query, span())}>All of them are on the timeline.</A></p></Show>
      </Show>
    </div>
  );
}

function Pick(props: { label: string; value: string; options: readonly (readonly [string, string])[]; choose: (value: string) => void }): JSX.Element {
  return (
    <label class="row pick">
      <span class="quiet">{props.label}</span>
      <select class="field" onChange={(event) => props.choose(event.currentTarget.value)}>
        <For each={props.options}>{([value, words]) => <option value={value} selected={value === props.value}>{words}</option>}</For>
        <Show when={!props.options.some(([value]) => value === props.value)}><option value={props.value} selected>{props.value}</option></Show>
      </select>
    </label>
  );
}
