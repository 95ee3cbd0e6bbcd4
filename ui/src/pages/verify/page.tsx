/** Verifies an evidence bundle in this browser. Public: whoever was given a bundle needs no account, and sends nothing. */

import { createEffect, createSignal, createUniqueId, For, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import { canVerify } from "~/base/proof/ed25519";
import { keyOf, pinnedKeys, unpinKey } from "~/state/keys";
import { offer } from "~/state/commands";
import { bytes, count, Time } from "~/widgets/text";
import { Result } from "./result";
import type { Said, Task } from "./worker";
import "./verify.css";

/** Milliseconds that what one trusts has rested before the bundle is verified again with it. */
const RESTS_MS = 400;

type End = Exclude<Said, { kind: "progress" }>;

export default function Verify(): JSX.Element {
  const [file, setFile] = createSignal<File>();
  const [keys, setKeys] = createSignal("");
  const [policy, setPolicy] = createSignal("");
  const [progress, setProgress] = createSignal<{ read: number; total: number; records: number; began: number }>();
  const [end, setEnd] = createSignal<End>();
  const [isOver, setOver] = createSignal(false);
  const [isAble, setAble] = createSignal(true);
  const id = createUniqueId();
  /** What the last verification trusted. */
  let trusted = "";
  let resting: ReturnType<typeof setTimeout> | undefined;
  let input!: HTMLInputElement;
  let worker: Worker | undefined;
  const stop = (): void => {
    worker?.terminate();
    worker = undefined;
    setProgress();
  };
  onMount(async () => setAble(await canVerify()));
  onCleanup(() => { clearTimeout(resting); stop(); });
  offer({ id: "verify-open", title: "Choose a bundle to verify", group: "This page", keys: ["o"], run: () => input.click() });

  // An answer beside a key that it does not know of would be read as the answer to that key.
  const trusts = (): string => JSON.stringify([keys(), policy(), pinnedKeys().map((one) => one.vkey)]);
  createEffect(on(trusts, (now) => {
    clearTimeout(resting);
    if (!file() || now === trusted) return;
    stop();
    setEnd();
    resting = setTimeout(() => start(), RESTS_MS);
  }, { defer: true }));

  const given = (): string[] => (keys().trim() ? [keys()] : []);
  function start(chosen: File | undefined = file()): void {
    if (!chosen) return;
    stop();
    clearTimeout(resting);
    trusted = trusts();
    setFile(chosen);
    setEnd();
    const began = performance.now();
    setProgress({ read: 0, total: chosen.size, records: 0, began });
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", (event: MessageEvent<Said>) => {
      if (event.data.kind === "progress") setProgress({ ...event.data.progress, began });
      else {
        stop();
        setEnd(event.data);
      }
    });
    worker.addEventListener("error", (event) => {
      stop();
      setEnd({ kind: "unable", message: event.message || "The part of this page that verifies could not be loaded. Load the page again." });
    });
    worker.postMessage({ file: chosen, keys: given(), pinned: pinnedKeys().map((one) => one.vkey), policy: policy() } satisfies Task, []);
  }
  function dropped(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    start(event.dataTransfer?.files[0]);
  }
  const asked = (): Extract<End, { kind: "asked" }> | undefined => (end()?.kind === "asked" ? (end() as Extract<End, { kind: "asked" }>) : undefined);
  const unable = (): string | undefined => (end()?.kind === "unable" ? (end() as { message: string }).message : undefined);
  const found = (): Extract<End, { kind: "found" }> | undefined => (end()?.kind === "found" ? (end() as Extract<End, { kind: "found" }>) : undefined);
  return (
    <div class="page verify" onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={(event) => event.currentTarget === event.target && setOver(false)} onDrop={dropped}>
      <header>
        <h1>Verify an evidence bundle</h1>
        <p class="quiet spread">All of it happens in this browser: the bundle is sent nowhere, and no server is asked whether it is good.</p>
      </header>
      <Show when={!isAble()}>
        <p class="verdict warn" role="alert">This browser cannot check Ed25519 signatures here. It takes a version of 2025 or later, and an address that begins with https:// or is this machine's own. Use <code>vestige bundle verify</code>, or <code>verify.py</code> in the bundle.</p>
      </Show>
      <div class="verify-ask">
        <section class="drop" classList={{ over: isOver() }} aria-labelledby={`${id}-drop`}>
          <h2 id={`${id}-drop`}>{file()?.name ?? "Drop a bundle's zip here"}</h2>
          <Show when={file()} fallback={<p class="quiet">It is read where it lies, file by file; nothing of it is unpacked.</p>}>{(one) => <p class="quiet">{bytes(one().size)}</p>}</Show>
          <div class="row">
            <button class="button" classList={{ primary: !file() }} onClick={() => input.click()}>Choose a file</button>
            <Show when={file() && !progress()}><button class="button" onClick={() => start()}>Verify again</button></Show>
          </div>
          <input ref={input} type="file" accept=".zip,application/zip" class="visually-hidden" tabindex="-1" aria-label="A bundle's zip" onChange={(event) => { start(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
        </section>
        <section class="stack">
          <label>
            <span class="label">Keys that you trust: from somebody you trust, never from the bundle. A line each, as <code>vestige ledger keys</code> prints them</span>
            <textarea class="field mono" rows="3" spellcheck={false} placeholder="vestige-…/t/01K…/0+9bbf2a84+AZGu…" value={keys()} aria-invalid={asked() ? "true" : undefined} onInput={(event) => setKeys(event.currentTarget.value)} />
          </label>
          <Show when={pinnedKeys().length}>
            <div>
              <span class="label">Pinned in this browser, each trusted for its own log</span>
              <ul class="pinned">
                <For each={pinnedKeys()}>
                  {(one) => (
                    <li class="row"><span class="mono" title={keyOf(one.vkey)?.fingerprint}>{one.vkey}</span><span class="faint">since <Time at={one.since} precision="day" /></span><button class="button bare" onClick={() => unpinKey(one.vkey)}>Trust it no more</button></li>
                  )}
                </For>
              </ul>
            </div>
          </Show>
          <details>
            <summary>Ask for witnesses too</summary>
            <label>
              <span class="label">A policy: lines of <code>log</code>, <code>witness</code>, <code>group</code>, <code>quorum</code></span>
              <textarea class="field mono" rows="4" spellcheck={false} value={policy()} onInput={(event) => setPolicy(event.currentTarget.value)} />
            </label>
          </details>
        </section>
      </div>
      <Show when={progress()}>{(now) => <Running of={now()} stop={stop} />}</Show>
      <Show when={asked()}>
        {(one) => <div class="verdict bad" role="alert"><p><strong>What you gave as keys or policy is none:</strong> {one().message}.</p><p class="mono">expected {one().expected}; got {one().got}</p></div>}
      </Show>
      <Show when={unable()}>{(message) => <div class="verdict warn" role="alert"><p><strong>Not verified here.</strong> That says nothing against the bundle.</p><p>{message()}</p></div>}</Show>
      <Show when={found()} fallback={<Show when={!progress() && !end()}><How /></Show>}>{(one) => <Result found={one().found} again={() => start()} />}</Show>
    </div>
  );
}

function Running(props: { of: { read: number; total: number; records: number; began: number }; stop: () => void }): JSX.Element {
  const seconds = (): number => Math.max(0.001, (performance.now() - props.of.began) / 1000);
  const rate = (): number => props.of.read / seconds();
  const left = (): number => Math.max(0, props.of.total - props.of.read) / Math.max(1, rate());
  return (
    <section class="stack" role="status">
      <label>Verifying: {bytes(props.of.read)} of {bytes(props.of.total)}, {count(props.of.records)} records<progress class="working" max={props.of.total} value={props.of.read} /></label>
      <div class="row quiet"><span>{bytes(rate())} a second, about {left() < 90 ? `${Math.ceil(left())} s` : `${Math.ceil(left() / 60)} min`} left</span><button class="button" onClick={() => props.stop()}>Stop</button></div>
    </section>
  );
}

function How(): JSX.Element {
  return (
    <section class="stack quiet how">
      <h2>What you need</h2>
      <p>
        One thing from somebody you trust, and not from the bundle: the log's verifier key. The organisation that made the bundle prints it
        with <code>vestige ledger keys</code>, and publishes it below its server's <code>/v1/ledger/&lt;tenant&gt;/keys</code>. Without it you
        learn that everything fits together, and not who made it.
      </p>
      <p>
        This page came from a server, and whoever runs that server could have changed it. If that is whom you doubt, verify with
        <code> verify.py</code>, taken from a Vestige you trust, or with stock tools: the bundle's README.txt has the lines.
      </p>
    </section>
  );
}

