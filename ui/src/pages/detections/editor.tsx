/** An own pattern: its text, what it would find in what happened, and then, if that is right, its place in the ledger. */

import { useNavigate, useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, on, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { lineAt } from "~/base/text-lines";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Dialog } from "~/widgets/dialog";
import { Editor as TextEditor } from "~/widgets/editor";
import { Failed, sentence } from "~/widgets/states";
import { count } from "~/widgets/text";
import { faultOf } from "./fault";
import { Results } from "./results";
import { createScan } from "./scanning";
import { SpanFields, spanOf } from "./span_fields";

const MOST_BYTES = 65_536;
const BEGINNING = `name: my-pattern
version: 1
title: A sign-in, then an export by the same account
description: What it says, and what else would look the same.
severity: medium
tags: []
by: identity
within: 1h
steps:
  - name: sign-in
    where: type:auth.login outcome:success
  - name: export
    where: type:data.export
`;

export default function Editor(): JSX.Element {
  const [asked, ask] = useSearchParams<{ from: string; start: string; end: string }>();
  const go = useNavigate();
  const [text, setText] = createSignal(BEGINNING);
  const [failure, setFailure] = createSignal<unknown>();
  const [isApplying, setApplying] = createSignal(false);
  const [isAsking, setAsking] = createSignal(false);
  const scan = createScan();
  let field!: HTMLTextAreaElement;
  const origin = load(() => asked.from, (name) => held(api.GET("/v1/sequences/{name}", { params: { path: { name } } })));
  createEffect(on(() => (origin.error() ? undefined : origin.value()), (found) => found && setText(found.text)));
  const fault = createMemo(() => faultOf(failure() ?? scan.error()));
  const name = (): string => /^name:\s*(\S+)/m.exec(text())?.[1] ?? "it";
  const size = createMemo(() => new TextEncoder().encode(text()).length);
  async function tryOut(): Promise<void> {
    setFailure();
    await scan.run("/v1/sequences/scan", { pattern: text(), dry_run: true, ...spanOf({ start: asked.start ?? "", end: asked.end ?? "" }) });
  }
  async function apply(): Promise<void> {
    setAsking(false);
    setApplying(true);
    setFailure();
    try {
      const kept = (await held(api.POST("/v1/sequences", { body: { pattern: text() } }))) as { name: string; new: boolean };
      tell(kept.new ? `${kept.name} is kept, and in force.` : "The same text was in force already; nothing was written.", "good");
      go(`/detections?tab=patterns&name=${encodeURIComponent(kept.name)}`);
    } catch (error) {
      setFailure(() => error);
    } finally {
      setApplying(false);
    }
  }
  function toFault(): void {
    const [start, end] = lineAt(text(), fault()!.line);
    field.focus();
    field.setSelectionRange(start, end);
  }
  return (
    <div class="stack">
      <Show when={may("sequences.manage")} fallback={<p class="warn">To try a pattern out or to apply one needs the permission sequences.manage. What stands here can be read.</p>}>
        <div class="row detections-controls">
          <SpanFields start={asked.start ?? ""} end={asked.end ?? ""} change={(span) => ask({ start: span.start || undefined, end: span.end || undefined }, { replace: true })} />
          <button class="button primary" disabled={scan.isRunning() || size() > MOST_BYTES} onClick={() => void tryOut()}>Try it on what happened</button>
          <button class="button" disabled={isApplying() || size() > MOST_BYTES} onClick={() => setAsking(true)}>Apply …</button>
          <span class="quiet">Trying keeps nothing.</span>
        </div>
      </Show>
      <Show when={origin.error()}>{(error) => <Failed error={error()} />}</Show>
      <div class="editor-parts">
        <div class="stack">
          <TextEditor
            ref={(made) => (field = made)} label="The pattern, in YAML" describedBy="pattern-fault" text={text()} fault={fault()?.line} isInvalid={fault() !== undefined}
            set={(next) => { setText(next); setFailure(); }}
          />
          <div id="pattern-fault" role="alert">
            <Show when={fault()}>
              {(found) => (
                <div class="panel fault-said">
                  <strong><Show when={found().line} fallback="The pattern">{<button class="plain-link" onClick={toFault}>Line {found().line}, column {found().column}</button>}</Show>: {sentence(found().said)}</strong>
                  <dl class="facts">
                    <Show when={found().expected}><dt>Expected</dt><dd>{found().expected}</dd></Show>
                    <Show when={found().got}><dt>Got</dt><dd class="mono">{found().got}</dd></Show>
                  </dl>
                </div>
              )}
            </Show>
          </div>
          <Show when={failure() && !fault()}><Failed error={failure()} /></Show>
          <p classList={{ bad: size() > MOST_BYTES, quiet: size() <= MOST_BYTES }}>{count(size())} of {count(MOST_BYTES)} bytes.</p>
        </div>
        <div class="stack">
          <h2>What it finds</h2>
          <Show when={!fault()} fallback={<p class="quiet">The text has a fault, so it looks for nothing.</p>}>
            <Show when={scan.isRunning() || scan.report() || scan.error() || scan.isStopped()} fallback={<p class="quiet">Not tried yet. A trial scans all that happened in the span, and keeps nothing.</p>}>
              <Results of={scan} what="Trying it out" dry />
            </Show>
          </Show>
        </div>
      </div>
      <Show when={isAsking()}>
        <Dialog title={`Apply ${name()}`} close={() => setAsking(false)}>
          <p>Its text becomes an entry of the ledger, which stays for good, and every scan looks for it from now on. A pattern of the same name, built-in or own, gives way to it; findings of the earlier text stand.</p>
          <footer><button class="button" onClick={() => setAsking(false)}>Not yet</button><button class="button primary" onClick={() => void apply()}>Apply</button></footer>
        </Dialog>
      </Show>
    </div>
  );
}
