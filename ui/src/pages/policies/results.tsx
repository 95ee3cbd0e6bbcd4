/** What policies said of commits: the worst first, each with why, and with what shows it. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { commitPath, eventPath, filePath, sessionPath, timelinePath } from "~/base/paths";
import { quoted } from "~/base/query";
import type { components } from "~/api/schema";
import { may } from "~/state/session";
import { sentence } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { worst } from "./worst";

export type Result = components["schemas"]["PolicyResult"];

const WORDS: Record<Result["result"], string> = { pass: "✓ pass", fail: "✗ fail", indeterminate: "? indeterminate", waived: "– waived" };

/** A result in words before colour. */
export function Verdict(props: { of: Result["result"]; action?: string }): JSX.Element {
  return (
    <span class="nowrap" classList={{ good: props.of === "pass", bad: props.of === "fail", warn: props.of === "indeterminate", quiet: props.of === "waived" }}>
      {WORDS[props.of]}<Show when={props.of === "fail" || props.of === "indeterminate"}><span class="quiet">{props.action === "block" ? ", blocks" : props.action === "warn" ? ", warns" : ", let by"}</span></Show>
    </span>
  );
}

interface Props {
  readonly of: readonly Result[];
  readonly label: string;
  /** The id of the repository that is kept here, if it is. */
  readonly repository?: string | undefined;
  /** First lines of messages by commit. */
  readonly subjects?: Readonly<Record<string, string>>;
}

export function Results(props: Props): JSX.Element {
  return (
    <Table
      label={props.label} each={worst(props.of)} frame="policy-results"
      fallback={<tr><td colspan="4" class="quiet">No policy says anything of it: none covers this repository and these commits.</td></tr>}
      head={<><th>Policy</th><th>Commit</th><th>Result</th><th>Why, and what shows it</th></>}
    >
      {(one) => (
        <tr>
          <td><A class="mono" href={`/agents/policies/${encodeURIComponent(one.policy)}`}>{one.policy}</A></td>
          <td>
            <Show when={one.commit} fallback={<span class="quiet">the whole push</span>}>
              <Commit oid={one.commit} repository={props.repository} /><div class="quiet">{props.subjects?.[one.commit]}</div>
            </Show>
          </td>
          <td><Verdict of={one.result} action={one.action} /></td>
          <td>
            {sentence(one.detail)}
            <Show when={one.evidence.length}>
              <ul class="policy-evidence"><For each={one.evidence}>{(piece) => <li><Piece of={{ commit: one.commit, ...piece }} repository={props.repository} /></li>}</For></ul>
            </Show>
          </td>
        </tr>
      )}
    </Table>
  );
}

export function Commit(props: { oid: string; repository: string | undefined }): JSX.Element {
  return (
    <Show when={props.repository !== undefined && may("code.read")} fallback={<span class="mono" title={props.oid}>{props.oid.slice(0, 12)}</span>}>
      <A class="mono" href={commitPath(props.repository!, props.oid)} title={props.oid}>{props.oid.slice(0, 12)}</A>
    </Show>
  );
}

/** What is said of a piece of evidence beside where it leads. */
const LEADS = new Set(["commit", "path", "start", "end", "session", "event", "waiver", "call"]);

/** One piece: the line, the session, the call, the entry, each where it can be opened. */
function Piece(props: { of: Readonly<Record<string, unknown>>; repository: string | undefined }): JSX.Element {
  const text = (name: string): string => (props.of[name] === undefined ? "" : String(props.of[name]));
  const line = (): string => (text("start") ? (text("end") && text("end") !== text("start") ? `:${text("start")}-${text("end")}` : `:${text("start")}`) : "");
  const rest = (): [string, unknown][] => Object.entries(props.of).filter(([name]) => !LEADS.has(name));
  return (
    <span class="row tags">
      <Show when={text("path")}>
        <Show when={props.repository !== undefined && text("commit") && may("code.read")} fallback={<span class="mono">{text("path")}{line()}</span>}>
          <A class="mono" href={filePath(props.repository!, text("commit"), text("path"), text("start") ? Number(text("start")) : undefined)}>{text("path")}{line()}</A>
        </Show>
      </Show>
      <Show when={text("session")}><span class="quiet">session</span> <A class="mono" href={sessionPath(text("session"))}>{text("session")}</A></Show>
      <Show when={text("call")}><span class="quiet">call</span> <Call of={text("call")} /></Show>
      <For each={rest()}>{([name, value]) => <span><span class="quiet">{name}</span> <span class="mono">{String(value)}</span></span>}</For>
      <Show when={text("event")}><A href={eventPath(text("event"))}>event</A></Show>
      <Show when={text("waiver")}><A href={eventPath(text("waiver"))}>waiver</A></Show>
    </span>
  );
}

const ENTRY = /^[0-7][0-9A-HJKMNP-TV-Z]{25}(?:\.\d+)?$/;

/** A call by its own name where an agent gave it one, else by the entry that told of it. */
function Call(props: { of: string }): JSX.Element {
  return (
    <Show when={ENTRY.test(props.of)} fallback={<A class="mono" href={timelinePath(`key:custom=${quoted(`tool_use:${props.of}`)}`)}>{props.of}</A>}>
      <A class="mono" href={eventPath(props.of)}>{props.of}</A>
    </Show>
  );
}
