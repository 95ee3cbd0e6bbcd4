/** Beside the drawing: the story step by step, or all that is known of the step or link that was chosen. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { may } from "~/state/session";
import { Icon } from "~/widgets/icon";
import { PinDialog } from "~/widgets/pin";
import { count, Severity, Time } from "~/widgets/text";
import { showLength } from "~/base/instant";
import { chainPath, eventPath } from "~/base/paths";
import { isFaint, type Curve, type Drawn, type Mark } from "./marks";
import { sharedBy, titleOf, whoOf } from "./words";

export function Story(props: { of: Drawn; choose: (id: string) => void }): JSX.Element {
  const [pinning, setPinning] = createSignal(false);
  const steps = (): readonly Mark[] => props.of.marks.filter((mark) => mark.step > 0);
  const faint = (): number => props.of.marks.filter(isFaint).length;
  return (
    <section class="chain-beside panel" aria-label="The story in order">
      <header>
        <h2 class="spread">In order</h2>
        <Show when={may("cases.write") && steps().length}><button class="button" title="The numbered steps, to a case" onClick={() => setPinning(true)}><Icon name="pin" />Pin these …</button></Show>
      </header>
      <Show when={pinning()}><PinDialog events={steps().flatMap((mark) => mark.events.map((event) => event.id))} close={() => setPinning(false)} /></Show>
      <ol>
        <For each={steps()}>
          {(mark) => (
            <li classList={{ seed: mark.isSeed }}>
              <button onClick={() => props.choose(mark.id)}>
                <span class="number">{mark.step}</span>
                <span class="what">
                  <span class="row"><strong>{titleOf(mark)}</strong><Severity of={mark.severity} /></span>
                  <span class="quiet"><Time at={mark.events[0]!.occurred_at} precision="second" /></span>
                  <span class="quiet">{whoOf(mark)}</span>
                  <span class="faint">{mark.isSeed ? "the chain begins here" : mark.link ? sharedBy(mark.link) : ""}</span>
                </span>
              </button>
            </li>
          )}
        </For>
      </ol>
      <Show when={faint()}><p class="quiet">{count(faint())} more {faint() === 1 ? "mark is" : "marks are"} linked weakly (below 0.1): usual for those who took part, or of another episode. They are drawn fainter.</p></Show>
    </section>
  );
}

export function Chosen(props: { of: Drawn; mark: Mark | undefined; curve: Curve | undefined; choose: (id: string) => void }): JSX.Element {
  return (
    <section class="chain-beside panel" aria-label="What was chosen">
      <header>
        <h2 class="spread">{props.curve ? "Link" : "Step"}</h2>
        <button class="button bare icon" aria-label="Back to the story" onClick={() => props.choose("")}><Icon name="close" /></button>
      </header>
      <div class="body stack">
        <Show when={props.mark}>{(mark) => <MarkFacts of={props.of} mark={mark()} choose={props.choose} />}</Show>
        <Show when={props.curve}>{(curve) => <CurveFacts curve={curve()} choose={props.choose} />}</Show>
      </div>
    </section>
  );
}

function MarkFacts(props: { of: Drawn; mark: Mark; choose: (id: string) => void }): JSX.Element {
  const first = (): Mark["events"][number] => props.mark.events[0]!;
  const [pinning, setPinning] = createSignal(false);
  const origin = (): Mark | undefined => (props.mark.link ? props.of.markOf.get(props.mark.link.from) : undefined);
  return (
    <>
      <h3>{titleOf(props.mark)}</h3>
      <dl class="facts">
        <dt>When</dt><dd><Time at={first().occurred_at} /></dd>
        <Show when={props.mark.events.length > 1}><dt>Until</dt><dd><Time at={props.mark.events.at(-1)!.occurred_at} /> <span class="quiet">({showLength(props.mark.end - props.mark.start)})</span></dd></Show>
        <dt>Severity</dt><dd><Severity of={props.mark.severity} /></dd>
        <dt>Source</dt><dd>{first().source}</dd>
        <dt>Who</dt><dd class="mono">{whoOf(props.mark)}</dd>
      </dl>
      <Show when={props.mark.link} fallback={<p class="quiet">{props.mark.isSeed ? "The chain begins here." : ""}</p>}>
        {(link) => (
          <>
            <h3>Why it belongs here</h3>
            <p>{link().reason}.</p>
            <dl class="facts">
              <dt>Shared</dt><dd><span class="quiet">{link().key}</span> <span class="mono">{link().value}</span></dd>
              <dt>Strength</dt><dd>{link().strength.toFixed(3)}</dd>
              <dt>Led to by</dt><dd><Show when={origin()}>{(from) => <button class="plain-link" onClick={() => props.choose(from().id)}>{titleOf(from())}</button>}</Show></dd>
            </dl>
          </>
        )}
      </Show>
      <h3>{props.mark.events.length === 1 ? "Evidence" : `Evidence: ${count(props.mark.events.length)} events`}</h3>
      <ul class="chain-evidence">
        <For each={props.mark.events}>
          {(event) => <li><Time at={event.occurred_at} precision="second" /> <A href={eventPath(event.id)}>{event.message || event.event_type}</A></li>}
        </For>
      </ul>
      <div class="row">
        <A class="button" href={chainPath(first().id)}>Begin a chain here</A>
        <Show when={may("cases.write")}><button class="button" onClick={() => setPinning(true)}><Icon name="pin" />Pin {props.mark.events.length === 1 ? "it" : "them"} …</button></Show>
      </div>
      <Show when={pinning()}><PinDialog events={props.mark.events.map((event) => event.id)} close={() => setPinning(false)} /></Show>
    </>
  );
}

function CurveFacts(props: { curve: Curve; choose: (id: string) => void }): JSX.Element {
  return (
    <>
      <p>{props.curve.link.reason}.</p>
      <dl class="facts">
        <dt>Shared</dt><dd><span class="quiet">{props.curve.link.key}</span> <span class="mono">{props.curve.link.value}</span></dd>
        <dt>Events with it</dt><dd>{count(props.curve.link.rarity)} in the window</dd>
        <dt>Strength</dt><dd>{props.curve.link.strength.toFixed(3)}{props.curve.links > 1 ? `, the strongest of ${props.curve.links} links` : ""}</dd>
        <dt>From</dt><dd><button class="plain-link" onClick={() => props.choose(props.curve.from.id)}>{titleOf(props.curve.from)}</button> <A href={eventPath(props.curve.link.from)}>evidence</A></dd>
        <dt>To</dt><dd><button class="plain-link" onClick={() => props.choose(props.curve.to.id)}>{titleOf(props.curve.to)}</button> <A href={eventPath(props.curve.link.to)}>evidence</A></dd>
      </dl>
    </>
  );
}
