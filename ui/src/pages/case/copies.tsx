/** Copies of a whole case, for other programs. */

import { createSignal, For, type JSX } from "solid-js";
import { saveInMemory } from "~/api/save";
import { tell, tellError } from "~/state/notices";
import { bytes } from "~/widgets/text";
import { useCase } from "./context";
import { fileName } from "./file-name";

export type Shape = "csv" | "json" | "markdown" | "stix";
const FILES: Record<Shape, readonly [string, string]> = {
  csv: ["csv", "text/csv"], json: ["json", "application/json"], markdown: ["md", "text/markdown"], stix: ["stix.json", "application/json"],
};
const SHAPES: readonly (readonly [Shape, string, string])[] = [
  ["csv", "CSV", "a row an event, for spreadsheets"],
  ["json", "JSON", "the case, what is said in it, and each event with its pin and check"],
  ["markdown", "Markdown", "the whole case for people, oldest event first"],
  ["stix", "STIX 2.1", "entities and indicators, with a grouping of the case"],
];

export function CopyButton(props: { shape: Shape; name: string }): JSX.Element {
  const { one } = useCase();
  const [took, setTook] = createSignal<number>();
  async function take(): Promise<void> {
    if (took() !== undefined) return;
    const [ending, type] = FILES[props.shape];
    setTook(0);
    try {
      const path = `/v1/cases/${one().id}/export?format=${props.shape}`;
      const saved = await saveInMemory(path, { name: fileName(one().name, ending), type, part: (part) => setTook((before) => (before ?? 0) + part.length) });
      tell(`The copy was taken: ${bytes(saved.bytes)}.`, "good");
    } catch (error) {
      tellError(error);
    } finally {
      setTook();
    }
  }
  return <button class="button" disabled={took() !== undefined} onClick={() => void take()}>{took() === undefined ? props.name : bytes(took()!)}</button>;
}

export function Copies(): JSX.Element {
  return (
    <section class="stack tight" aria-labelledby="copies">
      <h2 id="copies">Copies</h2>
      <p class="quiet">A copy proves nothing by itself: for proof there are bundles. That one was taken is an entry of the ledger.</p>
      <dl class="facts copies">
        <For each={SHAPES}>{([shape, name, what]) => <><dt><CopyButton shape={shape} name={name} /></dt><dd class="quiet">{what}</dd></>}</For>
      </dl>
    </section>
  );
}
