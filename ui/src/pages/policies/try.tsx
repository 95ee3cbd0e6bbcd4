/** A document of policies: read as it is written, tried on what was pushed or on commits, and then put in force. */

import { useNavigate, useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { lineAt } from "~/base/text-lines";
import { acting } from "~/state/acting";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Editor } from "~/widgets/editor";
import { FormDialog } from "~/widgets/form-dialog";
import { Failed, sentence } from "~/widgets/states";
import { count } from "~/widgets/text";
import { faultOf } from "./fault";
import { MayNot } from "./in-force";
import { repositories } from "./repositories";
import { Trial } from "./trial";
import { asToml, inWords, type Policy } from "./words";

type Tried = components["schemas"]["PolicyTrial"];

const BEGINNING = `version = 1

[[policy]]
name = "my-policy"
type = "trace_completeness"
action = "warn"
`;
/** Of a document that is only read. */
const NOTHING = { form: "", repository: "", pushes: 0, commits: false, range: "", last: 20 } as const;
/** Milliseconds without a key until what was typed is read. */
const PAUSE = 350;
const STATES: Record<string, string> = { new: "new", changed: "takes the place of the one in force", same: "is in force as it stands" };

export function Try(): JSX.Element {
  const [asked, ask] = useSearchParams<Record<string, string>>();
  const go = useNavigate();
  const [text, setText] = createSignal(BEGINNING);
  const [settled, setSettled] = createSignal(BEGINNING);
  const [tried, setTried] = createSignal<{ readonly text: string; readonly of: Tried }>();
  const [isSaving, setSaving] = createSignal(false);
  const trying = acting();
  const kept = repositories();
  let field!: HTMLTextAreaElement;
  let pause: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(pause));
  const write = (next: string): void => {
    setText(next);
    clearTimeout(pause);
    pause = setTimeout(() => setSettled(next), PAUSE);
  };
  const origin = load(() => asked["policy"], (policy, signal) => held(api.GET("/v1/policies/versions", { params: { query: { policy } }, signal })));
  createEffect(on(() => origin.now()?.versions[0], (one) => { if (one) { setText(asToml(one as Policy)); setSettled(text()); } }));
  const read = load(settled, (document, signal) => held(api.POST("/v1/policies/test", { body: { ...NOTHING, text: document }, signal })));
  const fault = createMemo(() => faultOf(read.error()));
  const isRead = (): boolean => settled() === text() && !read.busy();
  const policies = (): readonly Policy[] => (read.error() ? [] : ((read.value()?.policies ?? []) as unknown as readonly Policy[]));
  const repository = (): string => asked["in"] ?? kept.value()?.[0]?.name ?? "";
  const onCommits = (): boolean => asked["on"] === "commits";

  const run = (): Promise<unknown> => trying.run(async () => {
    const document = text();
    const what = onCommits() ? { commits: true, range: asked["range"] ?? "", last: Number(asked["last"] ?? 20) } : { pushes: Number(asked["pushes"] ?? 5) };
    const of = await held(api.POST("/v1/policies/test", { body: { ...NOTHING, ...what, text: document, repository: repository() } }));
    setTried({ text: document, of });
  });
  async function save(): Promise<void> {
    const made = (await held(api.POST("/v1/policies", { body: { text: text(), form: "" } }))).policies;
    const news = made.filter((one) => one.new).length;
    tell(news ? `${count(news)} ${news === 1 ? "policy is" : "policies are"} in force from now on.` : "The same was in force already; nothing was written.", "good");
    go(made.length === 1 ? `/agents/policies/${encodeURIComponent(made[0]!.name)}` : "/agents/policies");
  }
  function toFault(): void {
    field.focus();
    field.setSelectionRange(...lineAt(text(), fault()!.line));
  }
  return (
    <div class="policy-try">
      <div class="stack">
        <Editor ref={(made) => (field = made)} label="The policies, in TOML or YAML" describedBy="policy-said" text={text()} set={write} fault={isRead() ? fault()?.line : undefined} isInvalid={isRead() && fault() !== undefined} />
        <div id="policy-said" aria-live="polite">
          <Show when={isRead()} fallback={<p class="quiet">Reading it …</p>}>
            <Show when={fault()}>
              {(found) => (
                <div class="panel fault-said">
                  <strong><Show when={found().line} fallback="The document"><button class="plain-link" onClick={toFault}>Line {found().line}</button></Show>: {sentence(found().said)}</strong>
                  <dl class="facts">
                    <Show when={found().expected}><dt>Expected</dt><dd>{found().expected}</dd></Show>
                    <Show when={found().got}><dt>Got</dt><dd class="mono">{found().got}</dd></Show>
                  </dl>
                </div>
              )}
            </Show>
            <Show when={read.error() && !fault()}><Failed error={read.error()} retry={() => void read.again()} /></Show>
            <ul class="stack tight"><For each={policies()}>{(one) => <li><span class="good">✓</span> <span class="mono">{one.name}</span> <span class="quiet">({STATES[String(one["state"])]})</span> {inWords(one)}</li>}</For></ul>
          </Show>
        </div>
        <Show when={origin.error()}>{(error) => <Failed error={error()} />}</Show>
        <Show when={may("policies.write")} fallback={<MayNot />}>
          <div class="row"><button class="button primary" disabled={!isRead() || !policies().length} onClick={() => setSaving(true)}>Put in force …</button><span class="quiet">Each takes the place of the one of its name, as a new version.</span></div>
        </Show>
      </div>
      <section class="stack" aria-labelledby="trial">
        <h2 id="trial">What it would say</h2>
        <Show when={kept.value()?.length} fallback={<p class="quiet">{kept.busy() ? "Reading the repositories …" : "No repository is kept here yet, so there is nothing to try it on."}</p>}>
          <div class="row policies-controls">
            <label class="choice"><span class="label">Repository</span><select class="field mono" onChange={(event) => ask({ in: event.currentTarget.value }, { replace: true })}><For each={kept.value()}>{(one) => <option value={one.name} selected={one.name === repository()}>{one.name}</option>}</For></select></label>
            <label class="choice"><span class="label">Tried on</span><select class="field" onChange={(event) => ask({ on: event.currentTarget.value }, { replace: true })}><option value="pushes" selected={!onCommits()}>what was pushed last</option><option value="commits" selected={onCommits()}>commits</option></select></label>
            <Show
              when={onCommits()}
              fallback={<label class="choice"><span class="label">Pushes</span><input class="field hours" type="number" min="1" max="20" value={asked["pushes"] ?? "5"} onChange={(event) => ask({ pushes: event.currentTarget.value }, { replace: true })} /></label>}
            >
              <label class="choice"><span class="label">Range, or one revision</span><input class="field mono" maxLength={600} placeholder="main, or v1.0..main" value={asked["range"] ?? ""} onChange={(event) => ask({ range: event.currentTarget.value || undefined }, { replace: true })} /></label>
              <label class="choice"><span class="label">Commits back</span><input class="field hours" type="number" min="1" max="200" value={asked["last"] ?? "20"} onChange={(event) => ask({ last: event.currentTarget.value }, { replace: true })} /></label>
            </Show>
            <button class="button primary" disabled={trying.isBusy() || !isRead() || !policies().length} onClick={() => void run()}>{trying.isBusy() ? "Trying …" : "Try it"}</button>
          </div>
          <p class="quiet">Trying writes nothing. Of a push its own recorded facts are judged; of commits what is known now.</p>
          <Show when={trying.error()}>{(error) => <Failed error={error()} />}</Show>
          <Show when={tried()}>
            {(found) => (
              <>
                <Show when={found().text !== text()}><p class="warn">The text was changed since; this is what it said before.</p></Show>
                <Trial of={found().of} repositories={kept.value() ?? []} repository={repository()} />
              </>
            )}
          </Show>
        </Show>
      </section>
      <Show when={isSaving()}>
        <FormDialog title="Put policies in force" verb="Put in force" close={() => setSaving(false)} act={save}>
          <ul class="stack tight"><For each={policies()}>{(one) => <li><span class="mono">{one.name}</span>: {STATES[String(one["state"])]}. {inWords(one)}</li>}</For></ul>
          <p>From the next push on they are held against it. It is an entry of the ledger with your name; earlier versions stay on record.</p>
        </FormDialog>
      </Show>
    </div>
  );
}
