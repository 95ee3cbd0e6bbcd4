/** Taking files in: dropped or chosen, sent in pieces, looked at before they are taken in, accounted for. */

import { createSignal, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import { filesOf, listed, type Given } from "~/base/drop";
import { sum } from "~/base/report";
import { tellError } from "~/state/notices";
import { approve, coming, drop, give, recall, type Reading } from "~/state/uploads";
import { bytes, count } from "~/widgets/text";
import { Item } from "./item";
import { ReadingFields } from "./reading";
import { Report } from "./report";

const done = () => coming.filter((one) => one.report);

const whole = () => (done().length > 1 ? sum(done().map((one) => one.report!)) : undefined);
const asked = () => coming.filter((one) => one.stage === "asking" && one.explained);

/** Files that are dropped beside the field would otherwise replace the page. */
function hold(event: DragEvent): void {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
}

export function Add(): JSX.Element {
  const [isOver, setOver] = createSignal(false);
  const [reading, setReading] = createSignal<Reading>({});
  const [asks, setAsks] = createSignal(true);
  let files!: HTMLInputElement;
  let folder!: HTMLInputElement;

  onMount(() => void recall().catch(tellError));
  addEventListener("dragover", hold);
  addEventListener("drop", hold);
  onCleanup(() => { removeEventListener("dragover", hold); removeEventListener("drop", hold); });

  function take(given: readonly Given[]): void {
    if (given.length) give(given, reading(), asks());
  }
  async function dropped(event: DragEvent): Promise<void> {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer) take(await filesOf(event.dataTransfer));
  }
  return (
    <div class="stack">
      <div
        class="drop" classList={{ over: isOver() }}
        onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={(event) => void dropped(event).catch(tellError)}
      >
        <p><strong>Drop files or folders here.</strong> <span class="quiet">Logs of any known format, also in .gz, .zip and .tar. Each record is kept as it came, whether or not it can be read; the same bytes again add nothing.</span></p>
        <div class="row">
          <button class="button primary" onClick={() => files.click()}>Choose files</button>
          <button class="button" onClick={() => folder.click()}>Choose a folder</button>
          <input ref={files} type="file" multiple hidden aria-label="Files to take in" onChange={(event) => { take(listed(event.currentTarget.files ?? [])); event.currentTarget.value = ""; }} />
          <input ref={(it) => { folder = it; it.setAttribute("webkitdirectory", ""); }} type="file" multiple hidden aria-label="A folder to take in" onChange={(event) => { take(listed(event.currentTarget.files ?? [])); event.currentTarget.value = ""; }} />
        </div>
        <details>
          <summary class="quiet">How they are to be read</summary>
          <ReadingFields of={reading()} change={setReading} />
        </details>
        <label class="check-label"><input type="checkbox" checked={asks()} onChange={(event) => setAsks(event.currentTarget.checked)} />Show me what each would be read as before it is taken in</label>
      </div>
      <Show when={whole()}>
        {(all) => (
          <section class="panel">
            <header>
              <h2 class="spread">{done().length} files together</h2>
              <button class="button" onClick={() => done().forEach((one) => void drop(one.key))}>Clear what is done</button>
            </header>
            <div class="body"><Report of={all()} isSum /></div>
          </section>
        )}
      </Show>
      <Show when={coming.length}>
        <section class="stack tight">
          <div class="row"><h2>Files</h2><Show when={asked().length > 1}><button class="button primary" onClick={() => asked().forEach((one) => approve(one.key, one.reading))}>Take in all {asked().length} as they would be read</button></Show><span class="spread" /><span class="quiet">{count(coming.length)}, {bytes(coming.reduce((all, one) => all + one.size, 0))}</span></div>
          <ul class="coming"><For each={coming}>{(one) => <Item of={one} />}</For></ul>
        </section>
      </Show>
    </div>
  );
}
