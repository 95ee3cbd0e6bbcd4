/** A form on a page: does what it is for once at a time, and says beside its fields why it failed. */

import { Show, type JSX, type ParentProps } from "solid-js";
import { acting } from "~/state/acting";
import { Wrong } from "./states";

interface FormProps {
  readonly class?: string;
  /** Called with what the fields say: the text of a name, without the spaces around it, or nothing. */
  readonly act: (text: (name: string) => string, form: HTMLFormElement) => Promise<unknown>;
}

export function Form(props: ParentProps<FormProps>): JSX.Element {
  const { isBusy, error, run } = acting();
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    void run(() => props.act((name) => String(fields.get(name) ?? "").trim(), form));
  }
  return (
    <form class={`stack ${props.class ?? ""}`} aria-busy={isBusy()} onSubmit={submit}>
      {props.children}
      <Show when={error()}>{(caught) => <Wrong error={caught()} />}</Show>
    </form>
  );
}
