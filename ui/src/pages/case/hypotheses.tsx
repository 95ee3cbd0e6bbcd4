/** What is suspected, with every event for and against it. */

import { createSignal, For, Show, type JSX } from "solid-js";
import type { CaseItem } from "~/api/cases";
import type { EventShape } from "~/api/shapes";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { EventLine } from "~/widgets/event-line";
import { FormDialog } from "~/widgets/form-dialog";
import { Icon } from "~/widgets/icon";
import { Empty } from "~/widgets/states";
import { count } from "~/widgets/text";
import { useCase } from "./context";
import { ItemForm, type FieldOf } from "./form";
import { discard, itemOf, itemsOf, weigh, withItem } from "./items";
import { PickEvent } from "./pick";
import { TakeAway, Written } from "./written";

type Side = "for" | "against";
const FIELDS: readonly FieldOf[] = [
  { name: "title", label: "What is suspected", kind: "line", required: true },
  { name: "text", label: "More of it", kind: "text" },
  { name: "verdict", label: "Verdict", kind: "choice", options: ["open", "supported", "refuted", "inconclusive"] },
  { name: "reason", label: "Why this verdict", kind: "text" },
];
const MARKS: Record<string, string> = { open: "○", supported: "✓", refuted: "✗", inconclusive: "≈" };

export default function Hypotheses(): JSX.Element {
  const { isOpen, refresh } = useCase();
  const list = itemsOf("hypothesis");
  const [editing, setEditing] = createSignal<CaseItem | "new">();
  const put = (item: CaseItem): void => { list.set(withItem(list.value(), item)); refresh(); };
  return (
    <>
      <Show when={isOpen()}><p><button class="button" onClick={() => setEditing("new")}><Icon name="plus" />State a hypothesis</button></p></Show>
      <Answer of={list} what="the hypotheses">
        {(found) => (
          <ul class="items">
            <For each={found()} fallback={<Empty title="Nothing is suspected yet">A hypothesis holds the events that speak for it and against it, and in the end a verdict with its reason.</Empty>}>
              {(item) => (
                <li class="panel">
                  <header>
                    <h2>{item.title}</h2>
                    <span class={`chip verdict ${item.verdict}`}><span aria-hidden="true">{MARKS[item.verdict ?? "open"]}</span>{item.verdict ?? "open"}</span>
                    <span class="spread" />
                    <Written of={item} />
                    <Show when={isOpen()}>
                      <button class="button compact" onClick={() => setEditing(item)}>Edit, or give a verdict</button>
                      <TakeAway of={item} name={item.title ?? "this"} done={() => { list.set(found().filter((one) => one.id !== item.id)); refresh(); }} />
                    </Show>
                  </header>
                  <div class="body stack">
                    <Show when={item.text}><p class="prose">{item.text}</p></Show>
                    <Show when={item.reason}><p class="prose"><strong>{item.verdict}:</strong> {item.reason}</p></Show>
                    <Sides of={item} put={put} />
                  </div>
                </li>
              )}
            </For>
          </ul>
        )}
      </Answer>
      <More of={list} />
      <Show when={editing()}>
        {(item) => <ItemForm kind="hypothesis" title={item() === "new" ? "State a hypothesis" : "Edit a hypothesis"} fields={FIELDS} of={item() === "new" ? undefined : (item() as CaseItem)} done={put} close={() => setEditing()} />}
      </Show>
    </>
  );
}

function Sides(props: { of: CaseItem; put: (item: CaseItem) => void }): JSX.Element {
  const { one, isOpen } = useCase();
  const [picking, setPicking] = createSignal<Side>();
  const [weighing, setWeighing] = createSignal<{ readonly side: Side; readonly event: EventShape }>();
  const live = load(() => (props.of.evidence?.length && may("evidence.read") ? `${props.of.id} ${props.of.revision}` : undefined), async () => {
    const item = await itemOf(one().id, props.of.id);
    return new Map(item.live?.map((each) => [each.event_id, each]));
  });
  async function add(side: Side, event: string, comment: string, isUndo = false): Promise<void> {
    try {
      props.put(await weigh(one().id, props.of.id, event, side, comment));
      tell(`Put ${side} it.`, "good", isUndo ? undefined : () => void drop(event, undefined));
    } catch (error) {
      tellError(error);
    }
  }
  async function drop(event: string, undo: (() => void) | undefined): Promise<void> {
    try {
      props.put(await discard(one().id, props.of.id, event));
      tell("Taken away from the hypothesis.", "good", undo);
    } catch (error) {
      tellError(error);
    }
  }
  return (
    <div class="sides">
      <For each={["for", "against"] as const}>
        {(side) => {
          const here = () => (props.of.evidence ?? []).filter((each) => each.side === side);
          return (
            <section>
              <div class="row">
                <h3>{side === "for" ? "For" : "Against"}</h3><span class="quiet spread">{count(here().length)}</span>
                <Show when={isOpen() && may("evidence.read")}><button class="button compact" onClick={() => setPicking(side)}>Add an event {side} it</button></Show>
              </div>
              <ul>
                <For each={here()} fallback={<li class="faint">Nothing</li>}>
                  {(each) => (
                    <li class="row">
                      <span class="spread">
                        <EventLine id={each.event_id} event={live.value()?.get(each.event_id)?.event as EventShape | null | undefined} integrity={live.value()?.get(each.event_id)?.integrity} />
                        <Show when={each.comment}><span class="annotation">{each.comment}</span></Show>
                      </span>
                      <Show when={isOpen()}>
                        <button class="button bare icon" aria-label={`Take ${each.event_id} away`} title="Take it away" onClick={() => void drop(each.event_id, () => void add(side, each.event_id, each.comment ?? "", true))}>
                          <Icon name="close" size={12} />
                        </button>
                      </Show>
                    </li>
                  )}
                </For>
              </ul>
            </section>
          );
        }}
      </For>
      <Show when={picking()}>{(side) => <PickEvent title={`An event ${side()} it`} choose={(event) => setWeighing({ side: side(), event })} close={() => setPicking()} />}</Show>
      <Show when={weighing()}>
        {(chosen) => <Comment side={chosen().side} event={chosen().event} add={(comment) => { const { side, event } = chosen(); setWeighing(); void add(side, event.id, comment); }} close={() => setWeighing()} />}
      </Show>
    </div>
  );
}

function Comment(props: { side: Side; event: EventShape; add: (comment: string) => void; close: () => void }): JSX.Element {
  const [comment, setComment] = createSignal("");
  return (
    <FormDialog title={`It speaks ${props.side} the hypothesis`} verb="Add it" close={props.close} act={async () => props.add(comment())}>
      <EventLine id={props.event.id} event={props.event} />
      <label><span class="label">Why (may be empty)</span><textarea class="field" autofocus maxlength="5000" value={comment()} onInput={(event) => setComment(event.currentTarget.value)} /></label>
    </FormDialog>
  );
}
