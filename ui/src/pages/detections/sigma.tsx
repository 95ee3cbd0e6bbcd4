/** Sigma rules, pasted or dropped: what they find in a span, tried out or kept. */

import { useSearchParams } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { may } from "~/state/session";
import { tellError } from "~/state/notices";
import { Icon } from "~/widgets/icon";
import { bytes } from "~/widgets/text";
import { Results } from "./results";
import { createScan } from "./scanning";
import { SpanFields, spanOf } from "./span_fields";

interface File {
  readonly name: string;
  readonly text: string;
}

const MOST_FILE = 1 << 20;

export default function Sigma(): JSX.Element {
  const [asked, ask] = useSearchParams<{ start: string; end: string; query: string; keep: string }>();
  const [files, setFiles] = createSignal<readonly File[]>([]);
  const [pasted, setPasted] = createSignal("");
  const [isOver, setOver] = createSignal(false);
  const scan = createScan();
  const isDry = (): boolean => asked.keep !== "yes";
  const rules = (): File[] => [...files(), ...(pasted().trim() ? [{ name: "pasted.yml", text: pasted() }] : [])];
  async function take(list: FileList | null | undefined): Promise<void> {
    try {
      const taken = await Promise.all([...(list ?? [])].map(async (file) => {
        if (file.size > MOST_FILE) throw new Error(`${file.name} has ${bytes(file.size)}; a rule file has ${bytes(MOST_FILE)} at most.`);
        return { name: file.name, text: await file.text() };
      }));
      setFiles((there) => [...there.filter((one) => !taken.some((file) => file.name === one.name)), ...taken]);
    } catch (error) {
      tellError(error);
    }
  }
  const look = (): Promise<void> => scan.run("/v1/detect", {
    rules: rules(), query: asked.query ?? "", dry_run: isDry(), ...spanOf({ start: asked.start ?? "", end: asked.end ?? "" }),
  });
  return (
    <Show when={may("sequences.manage")} fallback={<p>To scan by rules needs the permission sequences.manage. Who has it can keep what they find, and then it is listed under “What was found”.</p>}>
      <div class="stack">
        <div
          class="panel drop" classList={{ over: isOver() }}
          onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
          onDrop={(event) => { event.preventDefault(); setOver(false); void take(event.dataTransfer?.files); }}
        >
          <label class="label" for="rule-text">A rule in YAML, or several, parted by ---</label>
          <textarea id="rule-text" class="field mono" rows="12" spellcheck={false} wrap="off" placeholder={"title: …\nlogsource:\n  product: okta\ndetection:\n  selection:\n    eventType: …\n  condition: selection"} value={pasted()} onInput={(event) => setPasted(event.currentTarget.value)} />
          <div class="row">
            <label class="button"><Icon name="plus" />Choose files<input class="visually-hidden" type="file" multiple accept=".yml,.yaml" onChange={(event) => { void take(event.currentTarget.files); event.currentTarget.value = ""; }} /></label>
            <span class="quiet">or drop them here.</span>
            <For each={files()}>{(file) => <span class="chip">{file.name}<button class="button bare icon tiny" aria-label={`Leave ${file.name} out`} onClick={() => setFiles((there) => there.filter((one) => one !== file))}><Icon name="close" size={10} /></button></span>}</For>
          </div>
        </div>
        <div class="row detections-controls">
          <label class="choice grow"><span class="label">Only events that match</span><input class="field mono" maxLength={4096} placeholder="every event" value={asked.query ?? ""} onChange={(event) => ask({ query: event.currentTarget.value.trim() || undefined }, { replace: true })} /></label>
          <SpanFields start={asked.start ?? ""} end={asked.end ?? ""} change={(span) => ask({ start: span.start || undefined, end: span.end || undefined }, { replace: true })} />
          <label class="row"><input type="checkbox" checked={!isDry()} onChange={(event) => ask({ keep: event.currentTarget.checked ? "yes" : undefined }, { replace: true })} /> Keep what is found</label>
          <button class="button primary" disabled={scan.isRunning() || rules().length === 0} onClick={() => void look()}>{isDry() ? "Try them out" : "Scan and keep"}</button>
        </div>
        <Show when={!isDry()}><p class="quiet">Each finding becomes an entry of the ledger, with the rule’s digest and the ids of its evidence; it stays for good.</p></Show>
        <Show when={scan.isRunning() || scan.report() || scan.error() || scan.isStopped()}><Results of={scan} what="Scanning by rules" dry={isDry()} /></Show>
      </div>
    </Show>
  );
}
