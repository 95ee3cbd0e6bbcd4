/** Finds a command or a place by a few letters of its name. */

import { createMemo, createSignal, For, type JSX } from "solid-js";
import type { Command } from "~/state/commands";
import { Dialog } from "~/widgets/dialog";
import { shownKey } from "./help";
import "./palette.css";

const MOST = 40;

/** Whether the letters stand in a title in this order, and how far apart: less is better. */
export function distance(title: string, letters: string): number | undefined {
  let at = -1;
  let apart = 0;
  for (const letter of letters) {
    const next = title.indexOf(letter, at + 1);
    if (next < 0) return undefined;
    apart += at < 0 ? next : (next - at - 1) * 2;
    at = next;
  }
  return apart;
}

export function Palette(props: { commands: readonly Command[]; close: () => void }): JSX.Element {
  const [typed, setTyped] = createSignal("");
  const [at, setAt] = createSignal(0);
  const found = createMemo(() => {
    const letters = typed().toLowerCase().replaceAll(/[\s>]/g, "");
    return props.commands
      .filter((one) => !one.hidden && one.id !== "palette")
      .map((one) => [distance(one.title.toLowerCase(), letters), one] as const)
      .filter((pair): pair is readonly [number, Command] => pair[0] !== undefined)
      .toSorted((a, b) => a[0] - b[0])
      .slice(0, MOST)
      .map(([, one]) => one);
  });
  function run(one: Command | undefined): void {
    if (!one) return;
    props.close();
    one.run();
  }
  function move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !found().length) return;
    event.preventDefault();
    setAt((at() + step + found().length) % found().length);
    document.getElementById(`command-${at()}`)?.scrollIntoView({ block: "nearest" });
  }
  return (
    <Dialog title="Commands" close={props.close} bare>
      <form class="palette" onSubmit={(event) => { event.preventDefault(); run(found()[at()]); }}>
        <input
          role="combobox" aria-expanded="true" aria-controls="command-list" aria-activedescendant={`command-${at()}`} aria-label="Find a command"
          placeholder="Find a command or a place" autofocus autocomplete="off" value={typed()}
          onInput={(event) => { setTyped(event.currentTarget.value); setAt(0); }} onKeyDown={move}
        />
        <ul id="command-list" role="listbox" aria-label="Commands">
          <For each={found()} fallback={<li class="quiet nothing">Nothing is called so.</li>}>
            {(one, index) => (
              <li id={`command-${index()}`} role="option" aria-selected={index() === at()} onPointerMove={() => setAt(index())} onClick={() => run(one)}>
                <span class="spread">{one.title}</span>
                <span class="quiet">{one.group}</span>
                <For each={one.keys?.slice(0, 1)}>{(key) => <kbd>{shownKey(key)}</kbd>}</For>
              </li>
            )}
          </For>
        </ul>
      </form>
    </Dialog>
  );
}
