/** How a file is to be read: fields that stay empty are found out. */

import { For, type JSX } from "solid-js";
import type { Reading } from "~/state/uploads";

const FIELDS = [
  ["source", "Source", "the format's own name, or the file's"],
  ["format", "Format", "found out by its content"],
  ["zone", "Zone of stamps without one", "UTC"],
  ["year", "Year of stamps without one", "the latest up to its last change"],
] as const;

export function ReadingFields(props: { of: Reading; change: (next: Reading) => void; others?: readonly string[] }): JSX.Element {
  const list = `formats-${Math.random().toString(36).slice(2)}`;
  function set(name: (typeof FIELDS)[number][0], text: string): void {
    const { [name]: _, ...rest } = props.of;
    const value = text.trim();
    props.change(value ? { ...rest, [name]: name === "year" ? Number(value) : value } : rest);
  }
  return (
    <div class="fields">
      <For each={FIELDS}>
        {([name, label, otherwise]) => (
          <label>
            <span class="label">{label}</span>
            <input
              class="field" name={name} placeholder={otherwise} list={name === "format" ? list : undefined} inputmode={name === "year" ? "numeric" : undefined} maxlength={name === "source" ? 200 : 100}
              value={name === "format" && props.of.format === "auto" ? "" : String(props.of[name] ?? "")} onChange={(event) => set(name, event.currentTarget.value)}
            />
          </label>
        )}
      </For>
      <datalist id={list}><For each={props.others ?? []}>{(name) => <option value={name} />}</For></datalist>
    </div>
  );
}
