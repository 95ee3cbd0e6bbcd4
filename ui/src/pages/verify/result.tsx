/** What a verification found, from the verdict down to each fault. */

import { createMemo, For, Show, type JSX } from "solid-js";
import { OTHER_KEY, told, type Check, type Exit, type Fault, type Found } from "~/base/bundle/report";
import { keyOf, isPinned } from "~/state/keys";
import { KeyToCompare } from "~/widgets/keys";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";
import { CHECK_WORDS, OTHER_KEY_WORDS, statedBy, VERDICT_WORDS } from "./words";

const TONE: Readonly<Record<Exit, string>> = { 0: "good", 1: "bad", 2: "warn", 3: "good", 4: "bad" };
const LONGEST_NOTE = 2000;

export function Result(props: { found: Found; again: () => void }): JSX.Element {
  const isOnlyTheKey = (): boolean => props.found.exit === 1 && props.found.faultCount === props.found.faults.length && props.found.faults.every((fault) => fault.message === OTHER_KEY);
  const words = (): readonly [string, string] => (isOnlyTheKey() ? OTHER_KEY_WORDS : VERDICT_WORDS[props.found.exit]);
  // The last of each log's keys is the one in force; whoever has any of them may compare that.
  const strangers = createMemo(() => props.found.keys.filter((key) => !isPinned(key)).map(keyOf).filter((key) => key !== undefined).slice(-3));
  return (
    <div class="stack" data-verdict={props.found.verdict} data-exit={props.found.exit}>
      <section class={`verdict ${TONE[props.found.exit]}`} role="alert">
        <h2>{words()[0]}</h2>
        <p>{words()[1]}</p>
      </section>
      <Show when={props.found.logs.length}><Facts found={props.found} /></Show>
      <Show when={props.found.exit === 2}><For each={strangers()}>{(key) => <KeyToCompare of={key} pinned={props.again} />}</For></Show>
      <Show when={props.found.faults.length}><Faults found={props.found} /></Show>
      <Checks checks={props.found.checks} />
      <NotChecked found={props.found} />
      <Show when={props.found.annotations.length}><Annotations found={props.found} /></Show>
    </div>
  );
}

function Facts(props: { found: Found }): JSX.Element {
  const { found } = props;
  const counts = (): string => (["present", "withheld", "erased", "missing"] as const).filter((name) => found.records[name] || name === "present").map((name) => `${count(found.records[name])} ${name === "missing" ? "missing or altered" : name}`).join(", ");
  return (
    <dl class="facts">
      <dt>Records</dt><dd>{counts()}</dd>
      <For each={found.logs}>{(log) => <><dt>Log</dt><dd><span class="mono">{log.origin}</span> of {count(log.size)} entries, root <Digest of={log.root} letters={20} /></dd></>}</For>
      <Show when={found.made}><dt>Made</dt><dd><Time at={found.made} precision="second" /> <span class="faint">by the word of whoever made it</span></dd></Show>
      <Show when={found.selection}><dt>Chosen by</dt><dd><Stated json={found.selection} /></dd></Show>
      <Show when={found.sources}><dt>Sources</dt><dd><Stated json={found.sources} /></dd></Show>
    </dl>
  );
}

/** What the bundle states, as names and values; as it stands where it is anything else. */
function Stated(props: { json: string }): JSX.Element {
  const pairs = (): readonly (readonly [string, string])[] | undefined => statedBy(props.json);
  return (
    <Show when={pairs()} fallback={<span class="mono">{props.json}</span>}>
      {(there) => <ul class="stated"><For each={there()}>{([name, value]) => <li><span class="mono faint">{name}</span> <span class="mono">{value}</span></li>}</For></ul>}
    </Show>
  );
}

const mark = (check: Check): string => (check.ok ? "✓" : check.isReached ? "✗" : "·");
const said = (check: Check): string => (check.ok ? "good" : check.isReached ? "failed" : "not reached");

function Checks(props: { checks: readonly Check[] }): JSX.Element {
  return (
    <section>
      <h2>Checks</h2>
      <Table label="Checks" each={props.checks} head={<><th scope="col">Check</th><th scope="col">Holds if</th><th scope="col">Found</th></>}>
        {(check) => (
          <tr data-check={check.name} data-ok={check.ok}>
            <th scope="row" class={check.ok ? "good" : check.isReached ? "bad" : "faint"}><span aria-hidden="true">{mark(check)}</span> {check.name}<span class="visually-hidden">: {said(check)}</span></th>
            <td>{CHECK_WORDS[check.name]}</td>
            <td class="quiet detail">{check.detail || said(check)}</td>
          </tr>
        )}
      </Table>
    </section>
  );
}

function Faults(props: { found: Found }): JSX.Element {
  const idOf = (fault: Fault): string => props.found.failedIds.find((one) => one.seq === fault.seq && sameLog(one.file, fault.file))?.id ?? "";
  return (
    <section>
      <h2>What is wrong</h2>
      <p class="quiet">{props.found.faultCount > props.found.faults.length ? `The first ${props.found.faults.length} of ${count(props.found.faultCount)} faults.` : `${count(props.found.faultCount)} ${props.found.faultCount === 1 ? "fault" : "faults"}.`}</p>
      <Table label="Faults" each={props.found.faults} head={<><th scope="col">Check</th><th scope="col">Entry</th><th scope="col">File</th><th scope="col">What</th></>}>
        {(fault) => (
          <tr title={told(fault)}>
            <td class="bad">{fault.check}</td>
            <td><Show when={fault.seq !== undefined}>{count(fault.seq!)}<Show when={idOf(fault)}> <span class="mono">{idOf(fault)}</span></Show></Show></td>
            <td class="mono">{fault.file}</td>
            <td>
              {fault.message}
              <Show when={fault.expected}><div class="mono faint">expected: {fault.expected}</div></Show>
              <Show when={fault.got}><div class="mono faint">got: {fault.got}</div></Show>
            </td>
          </tr>
        )}
      </Table>
    </section>
  );
}

const sameLog = (one: string, other: string | undefined): boolean => one.split("/")[1] === other?.split("/")[1];

function NotChecked(props: { found: Found }): JSX.Element {
  return (
    <section class="stack">
      <h2>What this does not show</h2>
      <ul class="bullets">
        <For each={props.found.unchecked}>{(one) => <li class="warn">Not checked here: {one}</li>}</For>
        <li>That the query found everything: the log's key signs what was chosen, and whoever holds the log could choose less.</li>
        <li>That the records tell the truth: the log proves what was received, when by its own clock, and unchanged since.</li>
        <li>That the page, the custody log and what people noted are right: whoever has the log's private key can seal other words.</li>
      </ul>
    </section>
  );
}

function Annotations(props: { found: Found }): JSX.Element {
  return (
    <section>
      <h2>What people noted</h2>
      <p class="quiet">The words of whoever made the bundle, beside the entries they are about.</p>
      <Table
        label="Annotations" each={props.found.annotations}
        head={<><th scope="col">Entry</th><th scope="col">Author</th><th scope="col">At</th><th scope="col">Text</th></>}
      >
        {(one) => <tr><td class="mono">{one.entry}</td><td>{one.author}</td><td><Time at={one.at} precision="second" /></td><td class="noted">{one.text.slice(0, LONGEST_NOTE)}{one.text.length > LONGEST_NOTE ? " …" : ""}</td></tr>}
      </Table>
    </section>
  );
}
