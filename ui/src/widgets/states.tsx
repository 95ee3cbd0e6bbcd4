/** What a page says when there is nothing, when it waits, when something failed, when somebody may not. */

import { Match, Show, Switch, type JSX, type ParentProps } from "solid-js";
import { Problem } from "~/api/problem";
import "./states.css";

export function Empty(props: ParentProps<{ title: string }>): JSX.Element {
  return (
    <div class="state">
      <h2>{props.title}</h2>
      <div class="quiet">{props.children}</div>
    </div>
  );
}

/** Said while there is nothing to show yet; never laid over what is shown already. */
export function Waiting(props: { what: string }): JSX.Element {
  return (
    <div class="state" role="status" aria-live="polite">
      <span class="quiet">Reading {props.what} …</span>
    </div>
  );
}

/** What went wrong, what was expected and came, and what to do; with a way to try again. */
export function Failed(props: { error: unknown; retry?: () => void }): JSX.Element {
  const problem = (): Problem | undefined => (props.error instanceof Problem ? props.error : undefined);
  return (
    <div class="state failed" role="alert">
      <Switch>
        <Match when={problem()?.isForbidden}>
          <h2>You may not see this</h2>
          <p class="quiet">It needs {problem()!.body.expected ?? "a permission you do not have"}. {sentence(problem()!.body.hint)}</p>
        </Match>
        <Match when={problem()}>
          {(found) => (
            <>
              <h2>{sentence(found().message)}</h2>
              <dl class="facts">
                <Show when={found().body.expected}><dt>Expected</dt><dd>{found().body.expected}</dd></Show>
                <Show when={found().body.got}><dt>Got</dt><dd>{found().body.got}</dd></Show>
                <Show when={found().body.hint}><dt>Next</dt><dd>{found().body.hint}</dd></Show>
              </dl>
            </>
          )}
        </Match>
        <Match when={true}>
          <h2>This page failed</h2>
          <pre class="quiet">{props.error instanceof Error ? props.error.message : String(props.error)}</pre>
        </Match>
      </Switch>
      <Show when={props.retry && !problem()?.isForbidden}>
        <p><button class="button" onClick={() => props.retry!()}>Try again</button></p>
      </Show>
    </div>
  );
}

/** Why a form was not taken, beside its fields. */
export function Wrong(props: { error: unknown }): JSX.Element {
  const problem = (): Problem | undefined => (props.error instanceof Problem ? props.error : undefined);
  return (
    <p class="bad" role="alert">
      {sentence(props.error instanceof Error ? props.error.message : String(props.error))}{" "}
      <Show when={problem()?.body.expected}>Expected: {problem()!.body.expected}. </Show>
      <Show when={problem()?.body.got}>Got: {problem()!.body.got}. </Show>
      <Show when={problem()?.body.hint}>{sentence(problem()!.body.hint)}</Show>
    </p>
  );
}

/** A text of the server's as a sentence. */
export function sentence(text: string | undefined): string {
  if (!text) return "";
  return `${text[0]!.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
