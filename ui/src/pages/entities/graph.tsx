/** Whom an entity met, whom those met: drawn, beside it what was chosen, below it the same as a table. */

import { A, useSearchParams } from "@solidjs/router";
import { createEffect, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { entityPath, eventPath, timelinePath } from "~/base/paths";
import { load } from "~/state/load";
import { shown } from "~/state/preferences";
import { Answer } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";
import { KINDS, manyOf, type Entity, type EntityGraph } from "./kinds";
import { draw, type Colours, type Stage } from "./stage";

/** Which token of the theme a kind is drawn in. A kind is also said by its name in every label. */
const TOKEN: Record<(typeof KINDS)[number], string> = {
  identity: "accent", session: "sev-low", token: "sev-critical", ip: "heat", device: "warn", host: "good", hash: "bad", commit: "sev-medium", custom: "quiet",
};
type Node = EntityGraph["entities"][number];
type Meeting = EntityGraph["relationships"][number];

function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    kinds: Object.fromEntries(KINDS.map((kind) => [kind, token(TOKEN[kind])])), line: token("line"), lead: token("strong-line"), faint: token("hover"), ink: token("ink"), accent: token("accent"),
    font: token("font"),
  };
}

export default function GraphTab(props: { entity: Entity }): JSX.Element {
  const [asked, ask] = useSearchParams<{ depth: string; node: string }>();
  const depth = (): number => Math.min(3, Math.max(1, Number(asked.depth ?? 1) || 1));
  const graph = load(() => [props.entity.id, depth()] as const, ([entity_id, steps]) => (
    held(api.GET("/v1/entities/{entity_id}/graph", { params: { path: { entity_id }, query: { depth: steps } } }))
  ));
  const choose = (id: string | undefined): void => ask({ node: id === asked.node ? undefined : id }, { replace: true });
  return (
    <section class="stack" aria-label="Whom it met">
      <div class="row">
        <span class="quiet" id="graph-depth">Steps outward</span>
        <div class="row" role="group" aria-labelledby="graph-depth">
          <For each={[1, 2, 3]}>{(steps) => <button class="button" aria-pressed={depth() === steps} onClick={() => ask({ depth: steps === 1 ? undefined : String(steps) }, { replace: true })}>{steps}</button>}</For>
        </div>
        <Show when={graph.value()}>{(found) => <span class="quiet">{count(found().entities.length)} entities, {count(found().relationships.length)} meetings{graph.busy() ? "; reading further …" : ""}</span>}</Show>
      </div>
      <Answer of={graph} what="whom it met">
        {(found) => (
          <>
            <Show when={found().note}>{(note) => <p>{note()[0]!.toUpperCase() + note().slice(1)}.</p>}</Show>
            <Show when={found().relationships.length}><Picture graph={found()} chosen={asked.node} choose={choose} /></Show>
            <LeftOut graph={found()} />
            <Show when={found().relationships.length} fallback={<Show when={!found().note}><p class="quiet">It met nobody: its events name no second party.</p></Show>}><Meetings graph={found()} chosen={asked.node} /></Show>
          </>
        )}
      </Answer>
    </section>
  );
}

function Picture(props: { graph: EntityGraph; chosen: string | undefined; choose: (id: string | undefined) => void }): JSX.Element {
  let stageElement!: HTMLDivElement;
  let stage: Stage | undefined;
  const [failure, setFailure] = createSignal("");
  createEffect(on(() => [props.graph, shown()] as const, ([graph]) => {
    stage?.end();
    stage = undefined;
    try {
      stage = draw(stageElement, graph, colours(), (id) => props.choose(id));
      stage.light(props.chosen);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  }));
  createEffect(on(() => props.chosen, (id) => stage?.light(id), { defer: true }));
  onCleanup(() => stage?.end());
  const kinds = (): string[] => KINDS.filter((kind) => props.graph.entities.some((one) => one.kind === kind));
  const node = (): Node | undefined => props.graph.entities.find((one) => one.id === (props.chosen ?? props.graph.center));
  return (
    <>
      <div class="graph-parts">
        <div class="panel graph-picture">
          <div class="stage" ref={stageElement} role="img" aria-label={`${count(props.graph.entities.length)} entities and their meetings. The table below says the same.`} />
          <Show when={failure()}><p class="quiet">This browser draws no graph ({failure()}). The table below says all of it.</p></Show>
        </div>
        <Show when={node()}>{(one) => <Beside graph={props.graph} node={one()} choose={props.choose} />}</Show>
      </div>
      <div class="graph-legend" aria-label="Colours">
        <For each={kinds()}>{(kind) => <span style={{ "--kind": `var(--${TOKEN[kind as keyof typeof TOKEN]})` }}>{manyOf(kind)}</span>}</For>
      </div>
    </>
  );
}

function Beside(props: { graph: EntityGraph; node: Node; choose: (id: string | undefined) => void }): JSX.Element {
  const met = (): { other: Node; meeting: Meeting }[] => props.graph.relationships
    .filter((one) => one.from === props.node.id || one.to === props.node.id)
    .toSorted((a, b) => b.strength - a.strength)
    .flatMap((meeting) => {
      const other = props.graph.entities.find((one) => one.id === (meeting.from === props.node.id ? meeting.to : meeting.from));
      return other ? [{ other, meeting }] : [];
    });
  return (
    <section class="panel graph-beside" aria-label="The chosen entity">
      <header><span class="chip">{props.node.kind}</span><h2 class="mono">{props.node.value}</h2></header>
      <div class="body">
        <dl class="facts">
          <dt>Steps away</dt><dd>{props.node.level}</dd>
          <dt>Events</dt><dd>{count(props.node.events)}</dd>
          <dt>Met in all</dt><dd>{count(props.node.peers)}</dd>
        </dl>
        <Show when={!props.node.through}><p class="quiet">The graph does not go on behind it.</p></Show>
        <Show when={props.node.level > 0}><p><A class="button" href={entityPath(props.node.id)}>What is known of it</A></p></Show>
        <span class="label">Met here</span>
        <table>
          <tbody>
            <For each={met()}>
              {({ other, meeting }) => (
                <tr>
                  <td><button class="plain-link mono" onClick={() => props.choose(other.id)}>{other.value}</button></td>
                  <td class="number"><Show when={meeting.evidence} fallback={count(meeting.events)}>{(id) => <A href={eventPath(id())} title="The first event that has both">{count(meeting.events)}</A>}</Show></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  );
}

const WHY: Record<EntityGraph["left_out"][number]["why"], string> = {
  hub: "it met so many that the graph does not go through it",
  peers: "beyond the 25 of one entity that say most",
  level: "beyond the 60 of one step that say most",
  edges: "meetings between entities that are shown, beyond the 400 that say most",
};

function LeftOut(props: { graph: EntityGraph }): JSX.Element {
  return (
    <Show when={props.graph.left_out.length} fallback={<p class="quiet">Nothing was left out.</p>}>
      <details>
        <summary>What was left out, and why: {count(props.graph.left_out.length)} {props.graph.left_out.length === 1 ? "cut" : "cuts"}</summary>
        <Table label="What was left out" each={props.graph.left_out} head={<><th>Entity</th><th class="number">Left out</th><th>Why</th></>}>
          {(one) => (
            <tr>
              <td><Show when={one.id} fallback="all of them">{(id) => <><span class="quiet">{one.kind}</span> <A class="mono" href={entityPath(id())}>{one.value}</A></>}</Show></td>
              <td class="number">{count(one.count)}</td><td>{WHY[one.why]}</td>
            </tr>
          )}
        </Table>
      </details>
    </Show>
  );
}

function Meetings(props: { graph: EntityGraph; chosen: string | undefined }): JSX.Element {
  const named = (): Map<string, Node> => new Map(props.graph.entities.map((one) => [one.id, one]));
  const rows = (): Meeting[] => props.graph.relationships.filter((one) => !props.chosen || one.from === props.chosen || one.to === props.chosen).toSorted((a, b) => b.strength - a.strength);
  const Name = (at: { id: string }): JSX.Element => <><span class="quiet">{named().get(at.id)?.kind}</span> <A class="mono" href={entityPath(at.id)}>{named().get(at.id)?.value ?? at.id}</A></>;
  return (
    <>
      <h2>{props.chosen ? `Meetings of ${named().get(props.chosen)?.value ?? props.chosen}` : "Meetings"}</h2>
      <Table
        label="Meetings" each={rows()}
        head={<><th>One</th><th>Other</th><th class="number">Events</th><th class="number">Strength</th><th>First</th><th>Last</th><th>Shown by</th></>}
      >
        {(one) => (
          <tr>
            <td><Name id={one.from} /></td><td><Name id={one.to} /></td>
            <td class="number"><A href={timelinePath(one.query)} title="All events that have both, on the timeline">{count(one.events)}</A></td>
            <td class="number">{one.strength.toFixed(2)}</td>
            <td class="nowrap"><Show when={one.first_seen} fallback={<span class="faint">undated</span>}>{(at) => <Time at={at()} precision="second" />}</Show></td>
            <td class="nowrap"><Show when={one.last_seen}>{(at) => <Time at={at()} precision="second" />}</Show></td>
            <td><Show when={one.evidence}>{(id) => <A href={eventPath(id())}>event</A>}</Show></td>
          </tr>
        )}
      </Table>
    </>
  );
}
