/** What people wrote: Markdown, in which events stand as they are now. */

import { createSignal, For, Show, type JSX } from "solid-js";
import type { CaseItem } from "~/api/cases";
import type { EventShape } from "~/api/shapes";
import { offer } from "~/state/commands";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { EventLine } from "~/widgets/event-line";
import { Icon } from "~/widgets/icon";
import { Markdown } from "~/widgets/markdown";
import { Empty } from "~/widgets/states";
import { useCase } from "./context";
import { itemOf, itemsOf, withItem } from "./items";
import { NoteEditor } from "./note-editor";
import { TakeAway, Written } from "./written";

export default function Notes(): JSX.Element {
  const { isOpen, refresh } = useCase();
  const notes = itemsOf("note");
  const [writing, setWriting] = createSignal<CaseItem | "new">();
  offer({ id: "case.note", title: "Case: write a note", group: "Case", keys: ["n"], run: () => isOpen() && setWriting("new") });
  function wrote(note: CaseItem): void {
    notes.set(withItem(notes.value(), note));
    setWriting();
    refresh();
  }
  return (
    <>
      <Show when={isOpen() && !writing()}>
        <p><button class="button" onClick={() => setWriting("new")}><Icon name="plus" />Write a note</button></p>
      </Show>
      <Show when={writing() === "new"}><NoteEditor done={wrote} close={() => setWriting()} /></Show>
      <Answer of={notes} what="the notes">
        {(found) => (
          <ul class="items">
            <For each={found()} fallback={<Show when={!writing()}><Empty title="Nothing is noted yet">A note is Markdown; events stand in it as they are in the ledger, with whether they still are what they were.</Empty></Show>}>
              {(note) => (
                <Show when={writing() !== note} fallback={<li><NoteEditor of={note} done={wrote} close={() => setWriting()} /></li>}>
                  <li class="panel">
                    <header>
                      <h2 class="spread">{note.title || "Note"}</h2>
                      <Written of={note} />
                      <Show when={isOpen()}>
                        <button class="button compact" onClick={() => setWriting(note)}>Edit</button>
                        <TakeAway of={note} name={note.title ?? "this note"} done={() => { notes.set(found().filter((one) => one.id !== note.id)); refresh(); }} />
                      </Show>
                    </header>
                    <div class="body"><Note of={note} /></div>
                  </li>
                </Show>
              )}
            </For>
          </ul>
        )}
      </Answer>
      <More of={notes} />
    </>
  );
}

/** A note with its events as they are now. */
function Note(props: { of: CaseItem }): JSX.Element {
  const { one } = useCase();
  const live = load(() => (props.of.events?.length && may("evidence.read") ? `${props.of.id} ${props.of.revision}` : undefined), async () => {
    const item = await itemOf(one().id, props.of.id);
    return new Map(item.live?.map((each) => [each.event_id, each]));
  });
  return (
    <Markdown
      text={props.of.text ?? ""} below={2}
      event={(id) => <EventLine id={id} event={live.value()?.get(id)?.event as EventShape | null | undefined} integrity={live.value()?.get(id)?.integrity} />}
    />
  );
}
