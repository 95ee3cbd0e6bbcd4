/** One session: each prompt and what was done because of it, what it changed and cost, and what is missing. */

import { A, useParams, useSearchParams } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { decoded, storyPath, timelinePath } from "~/base/paths";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Commit } from "~/widgets/commit";
import { Icon } from "~/widgets/icon";
import { count, counted, Time } from "~/widgets/text";
import { CoveragePart } from "./coverage";
import { costText, type SessionWhole } from "./figures";
import { Turn } from "./turn";
import "./sessions.css";

/** So many commits are looked for among the repositories, each by a question of its own; the others lead to what names them. */
const MOST_SOUGHT = 20;

export default function SessionPage(): JSX.Element {
  const params = useParams<{ id: string }>();
  const [asked] = useSearchParams<{ prompt: string }>();
  const found = load(() => decoded(params.id), (session, signal) => held(api.GET("/v1/agents/sessions/{session}", { params: { path: { session } }, signal })));
  return (
    <div class="page session-page">
      <Show when={!found.now()}><h1 class="mono">{decoded(params.id)}</h1></Show>
      <Answer of={found} what="the session" isFresh>
        {(session) => (
          <>
            <header>
              <span class="chip">{session().agent || "unknown agent"}</span>
              <h1 class="mono">{session().id}</h1>
              <span class="spread" />
              <Show when={may("code.read")}><A class="button" href={storyPath({ session: session().id })}>Its story</A></Show>
              <A class="button" href={timelinePath(session().query)}><Icon name="timeline" />On the timeline</A>
            </header>
            <Summary of={session()} />
            <CoveragePart of={session()} />
            <Came of={session()} />
            <h2>What was said and done</h2>
            <For each={session().turns}>{(turn) => <Turn of={turn} prompt={asked.prompt} />}</For>
          </>
        )}
      </Answer>
    </div>
  );
}

function Summary(props: { of: SessionWhole }): JSX.Element {
  return (
    <dl class="session-summary">
      <dt>Seen</dt><dd><Time at={props.of.first_seen} /> to <Time at={props.of.last_seen} />, {count(props.of.events)} events</dd>
      <dt>Where</dt><dd class="mono">{props.of.repository || props.of.directories.join(", ") || "not told"}</dd>
      <dt>Did</dt><dd>{counted(props.of.prompts, "prompt")}, {counted(props.of.tool_calls, "call")}, {counted(props.of.files, "file")} changed, {counted(props.of.commands, "command")}, {count(props.of.denials)} denied, {counted(props.of.errors, "error")}</dd>
      <dt>Models</dt><dd>{props.of.models.join(", ") || "not told"}</dd>
      <dt>Tokens</dt>
      <dd>
        <Show when={props.of.tokens_of} fallback="nobody told them">
          {count(props.of.tokens.input)} in, {count(props.of.tokens.output)} out, {count(props.of.tokens.cache_read)} from caches, {count(props.of.tokens.cache_write_5m + props.of.tokens.cache_write_1h)} into caches
          <span class="quiet"> as the {props.of.tokens_of} has it</span>
        </Show>
      </dd>
      <dt>Cost</dt>
      <dd>
        {costText(props.of.cost)} <span class="quiet">by {props.of.cost.prices}</span>
        <For each={props.of.cost.unpriced ?? []}>{(one) => <div class="quiet">{one.model || "no model"}: {one.reason}</div>}</For>
      </dd>
    </dl>
  );
}

function Came(props: { of: SessionWhole }): JSX.Element {
  return (
    <div class="session-came">
      <Show when={props.of.changed.length}>
        <section>
          <h2>Files it changed</h2>
          <ul><For each={props.of.changed}>{(file) => <li><span class="mono">{file.path}</span> <span class="quiet">+{file.lines_added ?? "?"} −{file.lines_removed ?? "?"}</span></li>}</For></ul>
        </section>
      </Show>
      <Show when={props.of.commits.length}>
        <section>
          <h2>Commits named</h2>
          <ul><For each={props.of.commits}>
              {(one, at) => <li><Show when={at() < MOST_SOUGHT} fallback={<A class="mono" href={timelinePath(`key:commit=${one.commit}`)}>{one.commit}</A>}><Commit of={one.commit} /></Show></li>}
            </For></ul>
        </section>
      </Show>
      <Show when={props.of.software.length}>
        <section>
          <h2>Programs run</h2>
          <p><For each={props.of.software}>{(one) => <span class="chip">{one.program} {count(one.calls)}</span>}</For></p>
        </section>
      </Show>
    </div>
  );
}
