/** Why a function, a file, a commit or a session is as it is: sentences, each with the entries it quotes. */

import { A, useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, For, on, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { commitPath, eventPath, filePath, sessionPath } from "~/base/paths";
import { acting } from "~/state/acting";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Icon } from "~/widgets/icon";
import { Wrong } from "~/widgets/states";
import { copy, count, Time } from "~/widgets/text";
import { cited, HEADS, numbered, query, type Form, type Story } from "./shapes";
import "./stories.css";

interface Asked {
  [name: string]: string;
  session: string; repository: string; commit: string; path: string; scope: string; line: string; rev: string; form: string;
}

export default function Page(): JSX.Element {
  const [asked, ask] = useSearchParams<Asked>();
  const form = (): Form => (asked.form === "adr" ? "adr" : "prose");
  const wanted = createMemo(() => query(asked, form()), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const found = load(wanted, (what, signal) => held(api.GET("/v1/stories", { params: { query: what }, signal })));
  const model = load(() => (may("evidence.export") ? true : undefined), (_, signal) => held(api.GET("/v1/stories/model", { signal })));
  const writing = acting();
  const [written, setWritten] = createSignal<Story>();
  createEffect(on(wanted, () => setWritten()));
  const write = async (): Promise<void> => {
    const came = await writing.run(() => held(api.POST("/v1/stories", { body: wanted() })));
    if (came) setWritten(came);
  };
  return (
    <div class="page story-page">
      <Answer of={found} what="the story" isFresh>
        {(told) => {
          const shown = (): Story => written() ?? told();
          return (
            <>
              <header>
                <h1>{shown().title}</h1>
                <span class="spread" />
                <div class="row" role="group" aria-label="Form">
                  <button class="button compact" aria-pressed={form() === "prose"} onClick={() => ask({ form: undefined })}>Prose</button>
                  <button class="button compact" aria-pressed={form() === "adr"} onClick={() => ask({ form: "adr" })}>Decision record</button>
                </div>
                <button class="button" onClick={() => void copy(shown().markdown ?? "")}><Icon name="copy" />Copy as Markdown</button>
              </header>
              <Of story={shown()} />
              <By story={shown()} />
              <Show when={model.value()?.set}>
                <p class="row">
                  <button class="button" disabled={writing.isBusy()} onClick={() => void write()}>{writing.isBusy() ? "The model is writing …" : `Have ${model.value()!.name} write it`}</button>
                  <Show when={written()}><button class="button" onClick={() => setWritten()}>Show the one by template</button></Show>
                  <span class="quiet">The entries behind it are sent to {model.value()!.url}. Each time is an entry.</span>
                </p>
              </Show>
              <Show when={writing.error()}>{(error) => <Wrong error={error()} />}</Show>
              <Sections story={shown()} form={form()} />
              <Unknown story={shown()} />
              <Behind story={shown()} form={form()} />
            </>
          );
        }}
      </Answer>
    </div>
  );
}

function Of(props: { story: Story }): JSX.Element {
  const about = (): Story["about"] => props.story.about;
  return (
    <p class="row">
      <span class="chip">{about().kind}</span>
      <Show when={about().session}><A class="mono" href={sessionPath(about().session!)}>{about().session}</A></Show>
      <Show when={about().path}><A class="mono" href={filePath(about().repository!, about().commit!, about().path!, about().start || undefined)}>{about().path}{about().start ? `:${about().start}–${about().end}` : ""}</A></Show>
      <Show when={about().commit}><A class="mono" href={commitPath(about().repository!, about().commit!)}>{about().commit!.slice(0, 12)}</A></Show>
      <Show when={about().repository_name}><span class="quiet mono">{about().repository_name}</span></Show>
    </p>
  );
}

function By(props: { story: Story }): JSX.Element {
  return (
    <Show when={props.story.by === "model"} fallback={<p class="quiet">Told by template from {count(props.story.considered)} entries: each sentence quotes the one it rests on.</p>}>
      <p class="story-model">
        Written by the model <span class="mono">{String(props.story.model?.name ?? "")}</span>, which may be wrong: each sentence rests on what it quotes, and says more than that at its own risk.
      </p>
      <Show when={props.story.dropped?.length}>
        <details>
          <summary>{count(props.story.dropped!.length)} of its sentences rested on nothing they cite, and were dropped</summary>
          <ul><For each={props.story.dropped}>{(one) => <li><q>{one.text}</q> <span class="quiet">{one.reason}</span></li>}</For></ul>
        </details>
      </Show>
    </Show>
  );
}

function Sections(props: { story: Story; form: Form }): JSX.Element {
  const numbers = createMemo(() => numbered(props.story, props.form));
  return (
    <For each={HEADS[props.form]}>
      {([section, head]) => {
        const said = (): Story["sentences"] => props.story.sentences.filter((one) => one.section === section);
        return (
          <Show when={said().length || props.form === "adr"}>
            <section aria-label={head} class="story-section">
              <h2>{head}</h2>
              <Show when={said().length} fallback={<p class="quiet">The evidence says nothing of this.</p>}>
                <ul classList={{ "story-prose": props.form === "prose" }}>
                  <For each={said()}>
                    {(one) => (
                      <li>
                        {one.text}
                        <For each={one.citations}>{(by) => <>{" "}<A class="story-mark" href={citedPath(props.story, by.id)} title={by.quote} aria-label={`Evidence ${numbers().get(cited(by))}: ${by.quote.slice(0, 80)}`}>[{numbers().get(cited(by))}]</A></>}</For>
                      </li>
                    )}
                  </For>
                </ul>
              </Show>
            </section>
          </Show>
        );
      }}
    </For>
  );
}

function Unknown(props: { story: Story }): JSX.Element {
  return (
    <Show when={props.story.unknown.length}>
      <section aria-label="What is not known" class="story-section">
        <h2>What is not known</h2>
        <ul><For each={props.story.unknown}>{(one) => <li>{one}</li>}</For></ul>
      </section>
    </Show>
  );
}

function Behind(props: { story: Story; form: Form }): JSX.Element {
  const rows = createMemo(() => [...numbered(props.story, props.form)].map(([key, number]) => ({ number, of: JSON.parse(key) as { id: string; quote: string } })));
  const kind = (id: string): Story["evidence"][number] | undefined => props.story.evidence.find((one) => one.id === id);
  return (
    <Show when={rows().length}>
      <section aria-label="Evidence" class="story-section">
        <h2>Evidence</h2>
        <ol class="story-evidence">
          <For each={rows()}>
            {(one) => (
              <li value={one.number}>
                <A class="mono" href={citedPath(props.story, one.of.id)}>{one.of.id}</A> <span class="chip">{kind(one.of.id)?.kind}</span> <Show when={kind(one.of.id)?.at}>{(at) => <Time at={at()} precision="second" />}</Show>
                <blockquote>{one.of.quote}</blockquote>
              </li>
            )}
          </For>
        </ol>
      </section>
    </Show>
  );
}

/** Where what is cited is opened: the event, or the commit. */
function citedPath(story: Story, id: string): string {
  const found = story.evidence.find((one) => one.id === id);
  if (found?.kind !== "commit") return eventPath(id);
  return story.about.repository ? commitPath(story.about.repository, id) : `/timeline?q=${encodeURIComponent(`key:commit=${id}`)}`;
}

