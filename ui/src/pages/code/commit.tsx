/** One commit: who made it and when, what it changes, and of each line that it added, who wrote it. */

import { A, useParams, useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, For, on, Show, type JSX } from "solid-js";
import { eventPath, filePath, storyPath, timelinePath } from "~/base/paths";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { count, counted, Digest, Time } from "~/widgets/text";
import { known, summed, together } from "./paint";
import { commitOf, linesOf, type Changed, type OneCommit, type Range, type Summary } from "./shapes";
import { said, Share, SIGNS, Told } from "./who";
import "./code.css";

/** So many files are asked for who wrote them by themselves; of others, when somebody opens them. */
const OPEN = 30;
type Pointed = { readonly line: number; readonly range: Range | undefined };

export default function One(): JSX.Element {
  const params = useParams<{ repository: string; oid: string }>();
  const [asked, ask] = useSearchParams<{ parent: string }>();
  const parent = (): number => Math.max(1, Number.parseInt(asked.parent ?? "1", 10) || 1);
  const wanted = createMemo(() => ({ repository: params.repository, oid: params.oid, parent: parent() }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const found = load(wanted, (what, signal) => commitOf(what.repository, what.oid, what.parent, "", signal));
  const [pointed, point] = createSignal<Pointed>();
  const [sums, setSums] = createSignal<ReadonlyMap<string, Summary>>(new Map());
  createEffect(on(wanted, () => {
    setSums(new Map());
    point();
  }));
  return (
    <div class="page code-page">
      <Answer of={found} what="the commit" isFresh>
        {(commit) => (
          <>
            <header><A href={`/agents/commits/${params.repository}`} class="quiet">Commits</A><h1>{commit().subject || commit().oid.slice(0, 12)}</h1></header>
            <About of={commit()} repository={params.repository} parent={parent()} against={(to) => ask({ parent: to === 1 ? undefined : String(to) })} />
            <p class="row" aria-label="Lines added, by who wrote them">
              <span class="quiet">{counted(commit().files_changed, "file")}, +{count(commit().added)} −{count(commit().removed)}</span>
              <Show when={sums().size}><Share of={together([...sums().values()])} /></Show>
            </p>
            <div class="code-parts">
              <div class="stack">
                <For each={commit().files}>
                  {(file, at) => <File of={file} repository={params.repository} oid={commit().oid} parent={parent()} isOpen={at() < OPEN} point={point} sum={(sum) => setSums((all) => new Map(all).set(file.path, sum))} />}
                </For>
              </div>
              <aside class="code-beside"><Told line={pointed()?.line} range={pointed()?.range} /></aside>
            </div>
          </>
        )}
      </Answer>
    </div>
  );
}

function About(props: { of: OneCommit; repository: string; parent: number; against: (parent: number) => void }): JSX.Element {
  const rest = (): string => props.of.message.split("\n").slice(1).join("\n").trim();
  return (
    <>
      <dl class="facts">
        <dt>Commit</dt><dd><Digest of={props.of.oid} letters={40} /> <A href={`/agents/code/${props.repository}?rev=${props.of.oid}`}>its files</A> <A href={timelinePath(`key:commit=${props.of.oid}`)}>what names it</A> <Show when={may("evidence.read")}><A href={storyPath({ repository: props.repository, commit: props.of.oid })}>its story</A></Show></dd>
        <dt>Sealed</dt><dd><Show when={props.of.seal} fallback={<span class="quiet">not yet</span>}>{(seal) => <A class="mono" href={eventPath(seal())}>{seal()}</A>}</Show></dd>
        <dt>Author</dt><dd>{props.of.author.name} <span class="quiet">{props.of.author.mail}</span> <Time at={props.of.author.at || undefined} precision="second" /></dd>
        <dt>Committer</dt><dd>{props.of.committer.name} <span class="quiet">{props.of.committer.mail}</span> <Time at={props.of.committer.at || undefined} precision="second" /></dd>
        <dt>Rests on</dt>
        <dd class="row">
          <For each={props.of.parents} fallback={<span class="quiet">nothing: it is the first</span>}>
            {(oid, at) => (
              <>
                <A class="mono" href={`/agents/commits/${props.repository}/${oid}`}>{oid.slice(0, 12)}</A>
                <Show when={props.of.parents.length > 1}><button class="button compact" aria-pressed={props.parent === at() + 1} onClick={() => props.against(at() + 1)}>Compare</button></Show>
              </>
            )}
          </For>
        </dd>
      </dl>
      <Show when={rest()}><pre class="code-message">{rest()}</pre></Show>
    </>
  );
}

function File(props: { of: Changed; repository: string; oid: string; parent: number; isOpen: boolean; point: (to: Pointed) => void; sum: (sum: Summary) => void }): JSX.Element {
  const [isOpen, setOpen] = createSignal(props.isOpen);
  const whole = load(
    () => (isOpen() && props.of.omitted ? props.of.path : undefined),
    async (path, signal) => (await commitOf(props.repository, props.oid, props.parent, path, signal)).files[0],
  );
  const file = (): Changed => whole.value() ?? props.of;
  const added = createMemo(() => file().hunks.flatMap((hunk) => hunk.lines.filter((line) => line.kind === "+").map((line) => line.new!)));
  const lines = load(
    () => (isOpen() && added().length && may("evidence.read") && props.of.legible !== false ? { repository: props.repository, rev: props.oid, path: props.of.path } : undefined),
    linesOf,
  );
  const ranges = (): readonly Range[] | undefined => lines.now()?.ranges;
  const range = createMemo(() => known(ranges() ?? []));
  createEffect(() => {
    if (ranges()) props.sum(summed(added(), ranges()!));
  });
  return (
    <details class="code-file" open={isOpen()} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="mono">{props.of.before ? `${props.of.before} → ` : ""}{props.of.path}</span> <span class="chip">{props.of.status}</span>
        <Show when={props.of.old_mode}><span class="quiet"> mode {props.of.old_mode} → {props.of.mode}</span></Show>
        <Show when={props.of.added !== null}><span class="code-plus"> +{count(props.of.added!)}</span><span class="code-minus"> −{count(props.of.removed!)}</span></Show>
        <Show when={ranges() && added().length}> <Share of={summed(added(), ranges()!)} isSmall /></Show>
      </summary>
      <Show when={props.of.status !== "deleted" && props.of.legible !== false}><p><A href={filePath(props.repository, props.oid, props.of.path, added()[0])}>The file as of this commit<span class="visually-hidden">: {props.of.path}</span></A></p></Show>
      <Show when={props.of.binary}><p class="quiet">No text.</p></Show>
      <Show when={props.of.omitted && !whole.value()}><p class="quiet">{whole.busy() ? "Reading …" : "Its changes are more than is shown at once."}</p></Show>
      <div class="code-diff mono" tabindex="0" role="region" aria-label={`Changes of ${props.of.path}`}>
        <For each={file().hunks}>
          {(hunk) => (
            <table>
              <thead class="visually-hidden"><tr><th>Who</th><th>Before</th><th>After</th><th>Line</th></tr></thead>
              <tbody>
                <tr class="code-hunk"><td colspan="4">@@ −{hunk.old[0]},{hunk.old[1]} +{hunk.new[0]},{hunk.new[1]} @@ {hunk.heading}</td></tr>
                <For each={hunk.lines}>
                  {(line) => (
                    <tr classList={{ "code-added": line.kind === "+", "code-removed": line.kind === "-" }} onMouseEnter={() => line.kind === "+" && props.point({ line: line.new!, range: range()(line.new!) })}>
                      <td>
                        <Show when={line.kind === "+" && lines.now()}>
                          <button class={`who ${range()(line.new!)?.class ?? "unknown"}`} aria-label={said(line.new!, range()(line.new!))} onFocus={() => props.point({ line: line.new!, range: range()(line.new!) })} onClick={() => props.point({ line: line.new!, range: range()(line.new!) })}>{SIGNS[range()(line.new!)?.class ?? "unknown"]}</button>
                        </Show>
                      </td>
                      <td class="code-number">{line.old}</td>
                      <td class="code-number">{line.new}</td>
                      <td><code>{line.kind}{line.text}</code><Show when={line.no_newline}><span class="faint"> no newline at its end</span></Show></td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          )}
        </For>
      </div>
    </details>
  );
}
