/** Says something in a case, or says it otherwise: one dialog for all that has named fields. */

import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import type { CaseItem, ItemKind } from "~/api/cases";
import { isStale } from "~/api/problem";
import { tell } from "~/state/notices";
import { FormDialog } from "~/widgets/form-dialog";
import { useCase } from "./context";
import { addItem, changeItem, itemOf, type Fields } from "./items";

export interface FieldOf {
  readonly name: keyof Fields & keyof CaseItem;
  readonly label: string;
  readonly kind: "line" | "text" | "choice";
  readonly options?: readonly string[];
  readonly required?: boolean;
  readonly hint?: string;
}

interface ItemFormProps {
  readonly kind: ItemKind;
  readonly title: string;
  readonly fields: readonly FieldOf[];
  readonly of?: CaseItem | undefined;
  readonly done: (item: CaseItem) => void;
  readonly close: () => void;
}

export function ItemForm(props: ItemFormProps): JSX.Element {
  const { one } = useCase();
  const begun = props.of;
  const first = (field: FieldOf): string => String(begun?.[field.name] ?? (field.kind === "choice" ? (field.options?.[0] ?? "") : ""));
  const [values, setValues] = createSignal<Readonly<Record<string, string>>>(Object.fromEntries(props.fields.map((field) => [field.name, first(field)])));
  const [rests, setRests] = createSignal(begun);
  const [theirs, setTheirs] = createSignal<CaseItem>();
  const set = (name: string, value: string): void => void setValues((there) => ({ ...there, [name]: value }));
  const isReady = (): boolean => props.fields.every((field) => !field.required || values()[field.name]!.trim() !== "");
  const changed = (): readonly FieldOf[] => props.fields.filter((field) => values()[field.name] !== first(field));

  async function save(): Promise<boolean> {
    try {
      // Of what is there already only what was changed is sent: the rest may have become another's.
      const sent = begun ? changed() : props.fields;
      const fields = Object.fromEntries(sent.map((field) => [field.name, values()[field.name]!])) as Fields;
      const before = rests();
      if (!before || sent.length) props.done(before ? await changeItem(one().id, before, fields) : await addItem(one().id, props.kind, fields));
    } catch (cause) {
      if (!isStale(cause)) throw cause;
      const now = await itemOf(one().id, rests()!.id);
      setTheirs(now);
      setRests(now);
      return false;
    }
    tell("Saved.", "good");
    return true;
  }
  return (
    <FormDialog title={props.title} verb={theirs() ? "Save mine over it" : "Save"} close={props.close} act={save} isReady={isReady()}>
      <For each={props.fields}>
        {(field, index) => (
          <label>
            <span class="label">{field.label}</span>
            <Switch>
              <Match when={field.kind === "line"}>
                <input class="field" autofocus={index() === 0} required={field.required} maxlength="5000" placeholder={field.hint} value={values()[field.name]} onInput={(event) => set(field.name, event.currentTarget.value)} />
              </Match>
              <Match when={field.kind === "text"}>
                <textarea class="field" maxlength="5000" placeholder={field.hint} value={values()[field.name]} onInput={(event) => set(field.name, event.currentTarget.value)} />
              </Match>
              <Match when={field.kind === "choice"}>
                <select class="field" autofocus={index() === 0} value={values()[field.name]} onChange={(event) => set(field.name, event.currentTarget.value)}>
                  <For each={field.options}>{(option) => <option value={option}>{option}</option>}</For>
                </select>
              </Match>
            </Switch>
          </label>
        )}
      </For>
      <Show when={theirs()}>
        {(now) => (
          <div class="state failed" role="alert">
            <h2>{now().updated_by} changed this meanwhile</h2>
            <p>Nothing of yours was saved. It says now:</p>
            <dl class="facts"><For each={props.fields}>{(field) => <><dt>{field.label}</dt><dd>{String(now()[field.name] ?? "")}</dd></>}</For></dl>
            <p class="quiet">Saving again sets only the fields that you changed here.</p>
          </div>
        )}
      </Show>
    </FormDialog>
  );
}
