/** Writes a note: Markdown on one side, what it becomes on the other. */

import { createMemo, createSignal, onMount, Show, type JSX } from "solid-js";
import type { CaseItem } from "~/api/cases";
import { eventsById } from "~/api/events";
import { isStale } from "~/api/problem";
import type { EventShape } from "~/api/shapes";
import { eventsIn } from "~/base/markdown";
import { acting } from "~/state/acting";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { EventLine } from "~/widgets/event-line";
import { Icon } from "~/widgets/icon";
import { Markdown } from "~/widgets/markdown";
import { Failed } from "~/widgets/states";
import { count } from "~/widgets/text";
import { useCase } from "./context";
import { addItem, changeItem, itemOf } from "./items";
import { PickEvent } from "./pick";

const LONGEST = 50_000;

export function NoteEditor(props: { of?: CaseItem; done: (note: CaseItem) => void; close: () => void }): JSX.Element {
  const { one } = useCase();
  const [rests, setRests] = createSignal(props.of);
  const [title, setTitle] = createSignal(props.of?.title ?? "");
  const [text, setText] = createSignal(props.of?.text ?? "");
  const [picking, setPicking] = createSignal(false);
  const [theirs, setTheirs] = createSignal<CaseItem>();
  const { isBusy, error, run } = acting();
  let area!: HTMLTextAreaElement;
  let first!: HTMLInputElement;
  onMount(() => (props.of ? area : first).focus());
  const named = createMemo(() => eventsIn(text()).join(" "));
  const live = load(() => (named() && may("evidence.read") ? named() : undefined), (ids, signal) => eventsById(ids.split(" "), signal));

  function put(event: EventShape): void {
    const where = area.selectionStart;
    const added = `[[event:${event.id}]]`;
    setText(text().slice(0, where) + added + text().slice(area.selectionEnd));
    queueMicrotask(() => {
      area.focus();
      area.setSelectionRange(where + added.length, where + added.length);
    });
  }
  async function save(): Promise<void> {
    const fields = { title: title(), text: text() };
    try {
      const before = rests();
      const note = before ? await changeItem(one().id, before, fields) : await addItem(one().id, "note", fields);
      tell("The note was saved.", "good");
      props.done(note);
    } catch (cause) {
      if (isStale(cause)) {
        const now = await itemOf(one().id, rests()!.id);
        setTheirs(now);
        setRests(now);
      } else throw cause;
    }
  }
  const submit = (): void => void (text().trim() && run(save));
  function keys(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    else if (event.key === "e" && event.altKey) setPicking(true);
    else return;
    event.preventDefault();
  }

  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <input ref={first} class="field" aria-label="Title" placeholder="Title (may be empty)" maxlength="200" value={title()} onInput={(event) => setTitle(event.currentTarget.value)} />
      <div class="editor">
        <textarea ref={area} class="field" aria-label="Text, in Markdown" placeholder="Markdown. [[event:ID]] stands for a live event." maxlength={LONGEST} value={text()} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={keys} />
        <div class="preview" role="region" aria-label="What it becomes" tabindex="0">
          <Show when={text().trim()} fallback={<span class="faint">What you write is shown here.</span>}>
            <Markdown text={text()} below={2} event={(id) => <EventLine id={id} event={live.value()?.get(id)} />} />
          </Show>
        </div>
      </div>
      <Show when={theirs()}>
        {(note) => (
          <div class="state failed" role="alert">
            <h2>{note().updated_by} changed this note meanwhile</h2>
            <p>Nothing of yours was saved. It says now:</p>
            <pre>{note().text}</pre>
            <p><button type="button" class="button" onClick={() => { setText(note().text ?? ""); setTitle(note().title ?? ""); setTheirs(); }}>Take theirs into the editor</button></p>
            <p class="quiet">Saving again puts what you wrote in its place; theirs stays in the ledger.</p>
          </div>
        )}
      </Show>
      <Show when={error()}>{(cause) => <Failed error={cause()} />}</Show>
      <div class="row">
        <button class="button primary" disabled={isBusy() || !text().trim()}>{isBusy() ? "Saving …" : theirs() ? "Save mine over it" : "Save the note"}</button>
        <button type="button" class="button" onClick={() => props.close()}>Cancel</button>
        <Show when={may("evidence.read")}><button type="button" class="button" onClick={() => setPicking(true)}><Icon name="link" />Put in an event</button></Show>
        <span class="quiet"><kbd>Ctrl Enter</kbd> saves, <kbd>Alt E</kbd> puts in an event</span>
        <span class="spread" />
        <span class="quiet">{count(text().length)} of {count(LONGEST)} letters</span>
      </div>
      <Show when={picking()}><PickEvent title="Put in an event" choose={put} close={() => setPicking(false)} /></Show>
    </form>
  );
}
