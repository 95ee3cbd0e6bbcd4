/** Makes a bundle of the case: exact bytes and proofs, as a zip that whoever receives it verifies without us. */

import { A } from "@solidjs/router";
import { createSignal, For, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { NoFile, saveInMemory, saveThrough, writesThrough } from "~/api/save";
import { MILLI, showLength } from "~/base/instant";
import { ZipFront } from "~/base/zip-front";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Failed } from "~/widgets/states";
import { bytes, copy, count } from "~/widgets/text";
import { useCase } from "./context";
import { fileName } from "./file-name";
import { progressOf, type Progress } from "./progress";

interface Made {
  readonly name: string;
  readonly bytes: number;
  readonly records: number;
  readonly size: number;
}

interface Key {
  readonly vkey: string;
  readonly epoch?: number;
}

export function Bundle(): JSX.Element {
  const { one } = useCase();
  const [progress, setProgress] = createSignal<Progress>();
  const [made, setMade] = createSignal<Made>();
  const [error, setError] = createSignal<unknown>();
  const keys = load(() => (may("ledger.read") ? true : undefined), async () => (await held(api.GET("/v1/ledger/keys"))) as unknown as readonly Key[]);
  const [noFile, setNoFile] = createSignal(false);
  let stop: AbortController | undefined;
  onCleanup(() => stop?.abort());

  async function make(save = saveThrough): Promise<void> {
    if (progress()) return;
    stop = new AbortController();
    const name = fileName(`${one().name} bundle`, "zip");
    let records = 0;
    let seen = 0;
    let came = 0;
    let begun = performance.now();
    setError();
    setNoFile(false);
    setMade();
    setProgress(progressOf(0, 0, 0, 0));
    // A record's proof is the last of what is packed of it; those of our own entries come behind all records.
    const front = new ZipFront((file) => { if (file.endsWith(".tlog-proof")) seen = Math.min(seen + 1, records); });
    try {
      const saved = await save(`/v1/export/bundle?case=${one().id}`, {
        name, type: "application/zip", signal: stop.signal,
        began: (headers) => { records = Number(headers.get("X-Vestige-Records") ?? 0); begun = performance.now(); },
        part: (part) => {
          front.take(part);
          came += part.length;
          setProgress(progressOf(records, seen, came, performance.now() - begun));
        },
      });
      setMade({ name, bytes: saved.bytes, records, size: Number(saved.headers.get("X-Vestige-Size") ?? 0) });
      tell(`The bundle was made: ${bytes(saved.bytes)}.`, "good");
    } catch (cause) {
      if (cause instanceof NoFile) setNoFile(true);
      else if (cause instanceof DOMException && cause.name === "AbortError") tell("No bundle was made: you gave it up.");
      else setError(() => cause);
    } finally {
      setProgress();
    }
  }

  return (
    <section class="stack tight" aria-labelledby="bundle">
      <h2 id="bundle">Evidence bundle</h2>
      <p class="quiet">
        Every pinned record exactly as it came, with proofs, what was done in this case, and who noted what. Whoever receives it verifies it without this server and
        without trusting it. All of it is held against the signed log first. It is two entries of the ledger.
      </p>
      <div class="row">
        <Show
          when={progress()}
          fallback={<button class="button primary" disabled={one().events === 0} onClick={() => void make()}>Make a bundle of {count(one().events)} {one().events === 1 ? "event" : "events"}</button>}
        >
          {(now) => (
            <>
              <button class="button" onClick={() => stop?.abort()}>Give it up</button>
              <progress max={now().records || 1} value={now().seen} aria-label="Records packed" />
              <span role="status">{words(now())}</span>
            </>
          )}
        </Show>
        <Show when={!progress() && !writesThrough()}><span class="quiet">This browser holds a file in memory until it is whole; for a large one use <code>vestige bundle create --case {one().id}</code>.</span></Show>
      </div>
      <Show when={one().events === 0}><p class="quiet">Nothing is pinned yet.</p></Show>
      <Show when={noFile()}>
        <p role="status">No bundle was made: no file was chosen to write it to. <button class="button" onClick={() => void make(saveInMemory)}>Download it instead</button></p>
      </Show>
      <Show when={error()}>{(cause) => <Failed error={cause()} retry={() => void make()} />}</Show>
      <Show when={made()}>
        {(bundle) => (
          <div class="panel" role="region" aria-label="The bundle that was made">
            <header><h3>{bundle().name}</h3><span class="quiet">{bytes(bundle().bytes)}, {count(bundle().records)} records, as of size {count(bundle().size)} of the log</span></header>
            <div class="body stack">
              <p>Whoever receives it verifies it in one of three ways, each with the log's <strong>verifier key</strong>, which they must have from you by another way than the bundle:</p>
              <dl class="facts">
                <dt>With Vestige</dt><dd><Copied text={`vestige bundle verify --key '${keys.value()?.at(-1)?.vkey ?? "THE KEY"}' ${bundle().name}`} /></dd>
                <dt>With one file</dt><dd><Copied text={`unzip ${bundle().name} && cd vestige-bundle && python3 verify.py --key '${keys.value()?.at(-1)?.vkey ?? "THE KEY"}' .`} /> <span class="quiet">Python 3.10 and the package cryptography; verify.py is to be compared with one from elsewhere.</span></dd>
                <dt>In a browser</dt><dd><A href="/verify">The page that verifies bundles</A> <span class="quiet">reads the file there: nothing of it is sent.</span></dd>
                <Show when={keys.value()?.length}>
                  <dt>The key to compare</dt>
                  <dd><For each={keys.value()!.toReversed()}>{(key) => <div><Copied text={key.vkey} /></div>}</For></dd>
                </Show>
              </dl>
            </div>
          </div>
        )}
      </Show>
    </section>
  );
}

function Copied(props: { text: string }): JSX.Element {
  return <button class="digest mono" title="Copy" onClick={() => void copy(props.text)}>{props.text}</button>;
}

function words(now: Progress): string {
  if (now.bytes === 0) return "Holding everything against the signed log …";
  const rate = now.rate ? `, ${count(now.rate)} records/s` : "";
  const rest = now.remaining === undefined ? "" : `, ${showLength(BigInt(Math.ceil(now.remaining / 1000)) * 1000n * MILLI)} remain`;
  return `${count(now.seen)} of ${count(now.records)} records, ${bytes(now.bytes)}${rate}${rest}`;
}
