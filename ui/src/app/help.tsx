/** The keys that do something here. */

import { For, type JSX } from "solid-js";
import type { Command } from "~/state/commands";
import { Dialog } from "~/widgets/dialog";

const SHOWN: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Escape: "Esc" };

/** `Ctrl+k` as people read it. */
export function shownKey(key: string): string {
  return key.split(/\+(?!$)/).map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}

export function Help(props: { commands: readonly Command[]; close: () => void }): JSX.Element {
  const groups = (): [string, Command[]][] => {
    const by = new Map<string, Command[]>();
    for (const one of props.commands) if (one.keys?.length) by.set(one.group, [...(by.get(one.group) ?? []), one]);
    return [...by];
  };
  return (
    <Dialog title="Keys" close={props.close} wide>
      <div class="keys">
        <For each={groups()}>
          {([group, each]) => (
            <section>
              <h3>{group}</h3>
              <dl class="facts">
                <For each={each}>
                  {(one) => <><dt><For each={one.keys}>{(key) => <><kbd>{shownKey(key)}</kbd> </>}</For></dt><dd>{one.title}</dd></>}
                </For>
              </dl>
            </section>
          )}
        </For>
      </div>
    </Dialog>
  );
}
