/** What was asked for: that it is being read, what came, or why it did not. */

import { Show, type Accessor, type JSX } from "solid-js";
import type { Loaded } from "~/state/load";
import type { Paged } from "~/state/paged";
import { Failed, Waiting } from "./states";

interface AnswerProps<T> {
  readonly of: Pick<Loaded<T>, "value" | "now" | "error" | "again">;
  /** What is being read, in words: "the jobs". */
  readonly what: string;
  /** Whether what answers another question is to be out of sight while this one is asked. */
  readonly isFresh?: boolean;
  readonly children: (value: Accessor<NonNullable<T>>) => JSX.Element;
}

/** What came stays in sight while it is asked for again, and beside the reason where that failed. */
export function Answer<T>(props: AnswerProps<T>): JSX.Element {
  return (
    <>
      <Show when={props.of.error()}>{(error) => <Failed error={error()} retry={() => void props.of.again()} />}</Show>
      <Show when={props.isFresh ? props.of.now() : props.of.value()} fallback={<Show when={!props.of.error()}><Waiting what={props.what} /></Show>}>{(value) => props.children(value as Accessor<NonNullable<T>>)}</Show>
    </>
  );
}

/** Asks for the next page of a list, where there is one. */
export function More(props: { of: Pick<Paged<unknown>, "hasMore" | "busy" | "more">; words?: string }): JSX.Element {
  return (
    <Show when={props.of.hasMore()}>
      <p><button class="button" disabled={props.of.busy()} onClick={() => void props.of.more()}>{props.of.busy() ? "Reading …" : (props.words ?? "Show more")}</button></p>
    </Show>
  );
}
