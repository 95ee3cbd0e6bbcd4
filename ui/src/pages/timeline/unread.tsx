/** What of the screen could not be read, in words: what is not drawn for that is not to be taken for nothing. */

import { For, Show, type JSX } from "solid-js";
import { sentence } from "~/widgets/states";

export interface Unread {
  /** What could not be read, as the beginning of a sentence: "The detections". */
  readonly what: string;
  readonly error: unknown;
  readonly again: () => Promise<void>;
}

export function UnreadParts(props: { of: readonly Unread[] }): JSX.Element {
  return (
    <Show when={props.of.length > 0}>
      <div class="unread" role="status">
        <For each={props.of}>
          {(one) => (
            <p class="row"><span class="warn">{one.what} could not be read: {one.error instanceof Error ? sentence(one.error.message) : String(one.error)}</span><button class="button bare" onClick={() => void one.again()}>Try again</button></p>
          )}
        </For>
      </div>
    </Show>
  );
}
