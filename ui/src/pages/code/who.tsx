/** Who wrote a line: its sign, what is said of it, and the share of each class of many. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { eventPath, promptPath, timelinePath } from "~/base/paths";
import { quoted } from "~/base/query";
import { count } from "~/widgets/text";
import { CLASSES, type Class, type Range, type Summary } from "./shapes";

/** Told by a letter and a colour: never by the colour alone. */
export const SIGNS: Readonly<Record<Class, string>> = { ai: "A", mixed: "M", human: "H", unknown: "·" };
const WORDS: Readonly<Record<Class, string>> = {
  ai: "an agent wrote it", mixed: "part is an agent's, part is not", human: "a person was seen writing it", unknown: "nobody knows who wrote it",
};
const NAMES: Readonly<Record<Class, string>> = { ai: "agents", mixed: "mixed", human: "people", unknown: "unknown" };
const ENTRY = /^[0-7][0-9A-HJKMNP-TV-Z]{25}(?:\.[0-9]+)?$/;

/** In one sentence, for a sign's name. */
export function said(line: number, range: Range | undefined): string {
  return `Line ${line}: ${WORDS[range?.class ?? "unknown"]}${range?.grade ? `, ${range.grade}` : ""}`;
}

/** An id, and the way to its entry where it is one's; of a call by the agent's own name, to all that tells of it. */
function Id(props: { of: string }): JSX.Element {
  return (
    <Show when={ENTRY.test(props.of)} fallback={<A class="mono" href={timelinePath(`key:custom=${quoted(`tool_use:${props.of}`)}`)}>{props.of}</A>}>
      <A class="mono" href={eventPath(props.of)}>{props.of}</A>
    </Show>
  );
}

/** What is said of one line. */
export function Told(props: { line: number | undefined; range: Range | undefined }): JSX.Element {
  const range = (): Range | undefined => props.range;
  return (
    <section class="code-told" aria-live="polite" aria-label="Who wrote the line">
      <Show when={props.line !== undefined} fallback={<p class="quiet">Point at a line, or go to its sign, to see who wrote it.</p>}>
        <h2>Line {props.line}</h2>
        <p><span class={`who ${range()?.class ?? "unknown"}`}>{SIGNS[range()?.class ?? "unknown"]}</span> {WORDS[range()?.class ?? "unknown"]}</p>
        <Show when={range()}>
          {(known) => (
            <dl class="facts">
              <Show when={known().grade}><dt>Known</dt><dd>{known().grade}</dd></Show>
              <Show when={known().session}><dt>Session</dt><dd><A class="mono" href={promptPath(known().session, known().prompt)}>{known().session}</A></dd></Show>
              <Show when={known().call}><dt>Call</dt><dd><Id of={known().call} /></dd></Show>
              <Show when={known().prompt}><dt>Prompt</dt><dd><Id of={known().prompt} /></dd></Show>
              <Show when={known().agent}><dt>Agent</dt><dd>{known().agent} {known().model}</dd></Show>
              <Show when={known().person}><dt>Person</dt><dd>{known().person}</dd></Show>
              <dt>Lines</dt><dd>{known().start === known().end ? known().start : `${known().start} to ${known().end}`}</dd>
            </dl>
          )}
        </Show>
      </Show>
    </section>
  );
}

/** How many lines are whose, as a bar and in words. */
export function Share(props: { of: Summary; isSmall?: boolean }): JSX.Element {
  const all = (): number => CLASSES.reduce((sum, one) => sum + props.of[one], 0);
  const there = (): readonly Class[] => CLASSES.filter((one) => props.of[one] > 0);
  return (
    <span class="code-share" classList={{ small: props.isSmall ?? false }}>
      <span class="code-bar" aria-hidden="true">
        <For each={there()}>{(one) => <i class={`who ${one}`} style={{ width: `${(100 * props.of[one]) / all()}%` }} />}</For>
      </span>
      <For each={there()}>
        {(one) => <span class={props.isSmall ? "visually-hidden" : ""}><span class={`who ${one}`} aria-hidden="true">{SIGNS[one]}</span> {count(props.of[one])} {NAMES[one]} ({Math.round((100 * props.of[one]) / all())} %)</span>}
      </For>
    </span>
  );
}
