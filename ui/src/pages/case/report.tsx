/** A report of the case: shown here as it would be handed over, or taken as a file. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { A } from "@solidjs/router";
import { raw } from "~/api/client";
import { download } from "~/api/save";
import { tell } from "~/state/notices";
import { Markdown } from "~/widgets/markdown";
import { Failed } from "~/widgets/states";
import { bytes, count, Digest } from "~/widgets/text";
import { useCase } from "./context";
import { fileName } from "./file-name";

const MOST = 5000;
const MOST_PAGES = 1000;
const SHAPES = [["html", "HTML", "html"], ["pdf", "PDF", "pdf"], ["markdown", "Markdown", "md"]] as const;
type Shape = (typeof SHAPES)[number][0];

interface Made {
  readonly blob: Blob;
  readonly ending: string;
  readonly sha256: string;
  readonly listed: number;
  readonly of: number;
  /** Of Markdown, to be shown. */
  readonly text?: string;
}

export function Report(): JSX.Element {
  const { one } = useCase();
  const [events, setEvents] = createSignal(500);
  const [busy, setBusy] = createSignal<Shape | "show">();
  const [made, setMade] = createSignal<Made>();
  const [failed, setFailed] = createSignal<{ readonly error: unknown; readonly again: () => void }>();

  async function make(shape: Shape, ending: string, show: boolean): Promise<void> {
    setBusy(show ? "show" : shape);
    setFailed();
    try {
      const most = Math.min(events() || 1, shape === "pdf" ? MOST_PAGES : MOST);
      const answer = await raw(`/v1/cases/${one().id}/report?format=${shape}&events=${most}`);
      const number = (name: string): number => Number(answer.headers.get(name) ?? 0);
      const head = { ending, sha256: answer.headers.get("X-Vestige-Sha256") ?? "", listed: number("X-Vestige-Events"), of: number("X-Vestige-Pins") };
      const blob = await answer.blob();
      const report: Made = show ? { ...head, blob, text: await blob.text() } : { ...head, blob };
      setMade(report);
      if (!show) take(report);
    } catch (error) {
      // An index that lags is caught up in a moment: the same can be asked again here.
      setFailed({ error, again: () => void make(shape, ending, show) });
    } finally {
      setBusy();
    }
  }
  function take(report: Made): void {
    download(report.blob, fileName(`${one().name} report`, report.ending));
    tell(`The report was taken: ${bytes(report.blob.size)}.`, "good");
  }
  return (
    <section class="stack tight" aria-labelledby="report">
      <h2 id="report">Report</h2>
      <p class="quiet">
        For counsel, for whoever leads the incident, for a regulator: summary, hypotheses, timeline, evidence with proofs, custody log, method, a draft to sign.
        One file that loads nothing and runs nothing. Each that is made is an entry of the ledger with its SHA-256.
      </p>
      <div class="row">
        <label class="row">Events it lists, at most <input class="field figure" type="number" min="1" max={MOST} value={events()} onInput={(event) => setEvents(event.currentTarget.valueAsNumber)} /></label>
        <button class="button" disabled={busy() !== undefined} onClick={() => void make("markdown", "md", true)}>{busy() === "show" ? "Making …" : "Make it and show it here"}</button>
        <For each={SHAPES}>
          {([shape, name, ending]) => <button class="button" disabled={busy() !== undefined} onClick={() => void make(shape, ending, false)}>{busy() === shape ? "Making …" : `Take it as ${name}`}</button>}
        </For>
        <Show when={events() > MOST_PAGES}><span class="quiet">As PDF {count(MOST_PAGES)}.</span></Show>
      </div>
      <Show when={failed()}>{(one) => <Failed error={one().error} retry={one().again} />}</Show>
      <Show when={made()}>
        {(report) => (
          <>
            <dl class="facts">
              <dt>Lists</dt><dd>{count(report().listed)} of {count(report().of)} events<Show when={report().listed < report().of}>; all of them were held against the ledger</Show></dd>
              <dt>SHA-256</dt><dd><Digest of={report().sha256} letters={64} /> <span class="quiet">as its entry has it: see <A href={`/cases/${one().id}?tab=activity`}>Activity</A>; compare with <code>sha256sum</code></span></dd>
            </dl>
            <Show when={report().text}>
              {(text) => (
                <>
                  <p><button class="button" onClick={() => take(report())}>Take this very file (Markdown)</button></p>
                  <div class="panel report" role="region" aria-label="The report" tabindex="0"><div class="body"><Markdown text={text()} below={2} broad event={(id) => <A href={`/events/${id}`} class="mono">{id}</A>} /></div></div>
                </>
              )}
            </Show>
          </>
        )}
      </Show>
    </section>
  );
}
