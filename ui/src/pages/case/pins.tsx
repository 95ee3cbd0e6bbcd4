/** What is pinned, in the order of the ledger: what people say of it, and whether it still is what was pinned. */

import { createMemo, createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { CasePin } from "~/api/cases";
import { eventsById } from "~/api/events";
import type { EventShape } from "~/api/shapes";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { paged } from "~/state/paged";
import { may } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { EventLine, Integrity } from "~/widgets/event-line";
import { Icon } from "~/widgets/icon";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";
import { CheckAll } from "./check";
import { useCase } from "./context";

type Change = { annotation?: string; pinned?: boolean };

export default function Pins(): JSX.Element {
  const { one, isOpen, refresh, pinnedAt } = useCase();
  const pins = paged(() => `${one().id} ${pinnedAt()}`, async (_key, cursor, signal) => {
    const query = { limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await held(api.GET("/v1/cases/{case}/events", { params: { path: { case: one().id }, query }, signal }));
    return { items: page.events, next: page.next_cursor };
  });
  const ids = createMemo(() => (may("evidence.read") ? (pins.value() ?? []).map((pin) => pin.event_id).join(" ") : ""));
  const events = load(() => ids() || undefined, (all, signal) => eventsById(all.split(" "), signal));

  async function change(pin: CasePin, body: Change): Promise<void> {
    const before: Change = { annotation: pin.annotation, pinned: pin.pinned };
    try {
      const now = await held(api.PATCH("/v1/cases/{case}/events/{event_id}", { params: { path: { case: one().id, event_id: pin.event_id } }, body }));
      const next = { ...pin, ...now };
      pins.set((pins.value() ?? []).map((each) => (each.event_id === pin.event_id ? next : each)));
      if (body.annotation !== undefined) tell("The annotation was changed.", "good", () => void change(next, { annotation: before.annotation! }));
    } catch (error) {
      tellError(error);
    }
  }
  async function unpin(pin: CasePin): Promise<void> {
    try {
      await api.DELETE("/v1/cases/{case}/events/{event_id}", { params: { path: { case: one().id, event_id: pin.event_id } } });
      tell("Taken out of the case; that it was in it stays in the ledger.", "good", () => void again(pin));
      refresh();
    } catch (error) {
      tellError(error);
    }
  }
  async function again(pin: CasePin): Promise<void> {
    try {
      const body = { event_id: pin.event_id, events: [], annotation: pin.annotation, pinned: pin.pinned, added_by: "" };
      await api.POST("/v1/cases/{case}/events", { params: { path: { case: one().id } }, body });
      tell("Pinned again.", "good");
      refresh();
    } catch (error) {
      tellError(error);
    }
  }

  return (
    <>
      <CheckAll />
      <Answer of={pins} what="what is pinned">
        {(found) => (
          <Show when={found().length} fallback={<Empty title="Nothing is pinned yet">Pin events from the timeline or an event's own page, or here all that a query finds.</Empty>}>
            <Table
              label="Pinned events" each={found()} class="pins"
              head={
                <>
                  <th scope="col"><span class="visually-hidden">Marked</span></th><th scope="col">Event</th><th scope="col">Annotation</th>
                  <th scope="col">State</th><th scope="col">Leaf hash</th><th scope="col">Pinned</th><th scope="col"><span class="visually-hidden">Take out</span></th>
                </>
              }
            >
              {(pin) => (
                <tr>
                  <td>
                    <button
                      class="button bare icon mark" aria-pressed={pin.pinned} disabled={!isOpen()} title={pin.pinned ? "Marked among the others" : "Mark it among the others"}
                      aria-label={`Mark ${pin.event_id}`} onClick={() => void change(pin, { pinned: !pin.pinned })}
                    >
                      {pin.pinned ? "★" : "☆"}
                    </button>
                  </td>
                  <td class="event"><EventLine id={pin.event_id} event={event(pin)} /></td>
                  <td class="annotates"><Annotation pin={pin} isOpen={isOpen()} save={(annotation) => change(pin, { annotation })} /></td>
                  <td><Integrity of={pin.integrity} reason={pin.reason} words /><Show when={pin.reason}><p class="quiet small">{pin.reason}</p></Show></td>
                  <td><Digest of={pin.leaf_hash} letters={8} /></td>
                  <td class="nowrap"><Time at={pin.added_at} precision="minute" /><br /><span class="quiet">{pin.added_by}</span></td>
                  <td><Show when={isOpen()}><button class="button bare icon" aria-label={`Take ${pin.event_id} out`} title="Take it out of the case" onClick={() => void unpin(pin)}><Icon name="close" size={12} /></button></Show></td>
                </tr>
              )}
            </Table>
            <More of={pins} words={`Show more (${count(found().length)} of ${count(one().events)} are shown)`} />
          </Show>
        )}
      </Answer>
    </>
  );

  function event(pin: CasePin): EventShape | undefined {
    return events.value()?.get(pin.event_id);
  }
}

function Annotation(props: { pin: CasePin; isOpen: boolean; save: (text: string) => Promise<void> }): JSX.Element {
  const [editing, setEditing] = createSignal(false);
  const [text, setText] = createSignal("");
  let button: HTMLButtonElement | undefined;
  function begin(): void {
    setText(props.pin.annotation);
    setEditing(true);
  }
  function end(): void {
    setEditing(false);
    button?.focus();
  }
  async function save(): Promise<void> {
    if (text() !== props.pin.annotation) await props.save(text());
    end();
  }
  function keys(event: KeyboardEvent): void {
    if (event.key === "Escape") end();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
    else return;
    event.preventDefault();
  }
  return (
    <Show
      when={editing()}
      fallback={
        <Show when={props.isOpen} fallback={<Show when={props.pin.annotation}><span class="annotation">{props.pin.annotation}</span></Show>}>
          <button ref={button} class="button bare annotate" title="Change the annotation" onClick={begin}>
            <Show when={props.pin.annotation} fallback={<span class="faint">annotate</span>}><span class="annotation">{props.pin.annotation}</span></Show>
          </button>
        </Show>
      }
    >
      <div class="stack tight">
        <textarea ref={(element) => queueMicrotask(() => element.focus())} class="field" rows="2" maxlength="5000" aria-label="Annotation" value={text()} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={keys} />
        <span class="row"><button class="button compact primary" onClick={() => void save()}>Save</button><button class="button compact" onClick={end}>Cancel</button><span class="quiet">Ctrl Enter saves</span></span>
      </div>
    </Show>
  );
}
