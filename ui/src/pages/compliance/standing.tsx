/** The mode in force, how each of its points stands, and changing it. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { eventPath } from "~/base/paths";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { FormDialog } from "~/widgets/form-dialog";
import { Table } from "~/widgets/table";
import { asksForLess, floors, standsAs, type Mode, type Point } from "./words";

const MARKS = { held: "✓ held", "not held": "✗ not held", "not known": "? not known", "not asked for": "– not asked for" } as const;

export function Stands(props: { of: Point }): JSX.Element {
  const how = () => standsAs(props.of);
  return <span class="nowrap" classList={{ good: how() === "held", bad: how() === "not held", warn: how() === "not known", quiet: how() === "not asked for" }}>{MARKS[how()]}</span>;
}

export function Standing(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/compliance")));
  const [wanted, setWanted] = createSignal<Mode>();
  return (
    <Answer of={found} what="how the mode stands">
      {(now) => {
        const mode = (): Mode => now().modes.find((one) => one.name === now().mode)!;
        return (
          <div class="stack">
            <section class="panel">
              <header><h2>Mode in force: {now().title}</h2><span class="quiet mono">{now().mode}</span></header>
              <dl class="facts body">
                <dt>About</dt><dd>{now().about}</dd>
                <Show when={now().source}><dt>By</dt><dd>{now().source} <span class="quiet">({now().dated})</span></dd></Show>
                <dt>Floors</dt><dd><Floors of={mode()} /></dd>
              </dl>
            </section>
            <Table
              label="Points of the mode" each={now().points}
              head={<><th>Point</th><th>Stands</th><th>Asked for</th><th>What is there</th><th>Evidence for it</th></>}
            >
              {(point) => (
                <tr>
                  <td>{point.point}</td>
                  <td><Stands of={point} /></td>
                  <td>{point.asked || <span class="quiet">nothing</span>}</td>
                  <td>{point.found}</td>
                  <td><Evidence of={point} /></td>
                </tr>
              )}
            </Table>
            <section class="panel">
              <header><h2>Modes there are</h2><Show when={!may("evidence.erase")}><span class="quiet">Changing it needs evidence.erase; one that asks for less is an owner's.</span></Show></header>
              <Table
                label="Modes" each={now().modes} frame="bare" isPlain={!may("evidence.erase")}
                head={<><th>Mode</th><th>It asks for</th><th>By which text</th><th><span class="visually-hidden">Choose</span></th></>}
              >
                {(one) => (
                  <tr>
                    <td>{one.title}<div class="quiet mono">{one.name}</div></td>
                    <td><Floors of={one} /></td>
                    <td>{one.source || <span class="quiet">none</span>}<Show when={one.dated}><div class="quiet">{one.dated}</div></Show></td>
                    <td class="nowrap"><Show when={one.name !== now().mode} fallback={<strong>in force</strong>}><Choose of={one} now={mode()} choose={() => setWanted(one)} /></Show></td>
                  </tr>
                )}
              </Table>
            </section>
            <Show when={wanted()}>{(next) => <Change of={next()} now={mode()} close={() => setWanted()} done={() => void found.again()} />}</Show>
          </div>
        );
      }}
    </Answer>
  );
}

/** What a mode asks for; that every entry is under a signed checkpoint goes for all. */
function Floors(props: { of: Mode }): JSX.Element {
  return <ul class="compliance-floors"><For each={floors(props.of)} fallback={<li class="quiet">nothing but that every entry is under a signed checkpoint</li>}>{(one) => <li>{one}</li>}</For></ul>;
}

/** What shows it: the entry where one is named, else the place that has the facts. */
function Evidence(props: { of: Point }): JSX.Element {
  const places: Record<string, readonly [string, string]> = {
    retention: ["/integrity?tab=retention", "the retention in force"], verification: ["/integrity?tab=jobs", "the job verify-full"],
    signing: ["/integrity", "the last checkpoint"], "write-once copy": ["/integrity?tab=archives", "the archives"],
  };
  const place = (): readonly [string, string] | undefined => places[props.of.point];
  return (
    <>
      <Show when={props.of.entry}><A href={eventPath(props.of.entry!)}>its entry</A>, </Show>
      <Show when={place()}>{(one) => <A href={one()[0]}>{one()[1]}</A>}</Show>
    </>
  );
}

function Choose(props: { of: Mode; now: Mode; choose: () => void }): JSX.Element {
  const isLess = (): boolean => asksForLess(props.of, props.now);
  return (
    <Show when={may("evidence.erase") && (!isLess() || may("tenant.manage"))} fallback={<Show when={may("evidence.erase")}><span class="quiet">asks for less: an owner's</span></Show>}>
      <button class="button" classList={{ danger: isLess() }} aria-label={`Choose ${props.of.name}`} onClick={() => props.choose()}>Choose …</button>
    </Show>
  );
}

function Change(props: { of: Mode; now: Mode; close: () => void; done: () => void }): JSX.Element {
  const put = (propose: boolean) => api.PUT("/v1/retention", { body: { mode: props.of.name, sources: [], propose } });
  const isLess = (): boolean => asksForLess(props.of, props.now);
  return (
    <FormDialog
      title={`Change the mode to ${props.of.title}`} verb="Change it" close={props.close} isDanger={isLess()}
      act={async () => { await put(false); tell("The mode is changed.", "good"); props.done(); }}
      propose={async () => { await put(true); tell("Proposed: another person approves it.", "good"); }}
    >
      <Show when={isLess()}><p class="warn">It asks for less than {props.now.title}.</p></Show>
      <div>It asks for: <Floors of={props.of} /></div>
      <p>What is kept for less is kept for as long as it asks from then on. Nothing else of the retention changes, and what it was before stays in the audit trail. Where two persons are asked for, one proposes it and another approves.</p>
    </FormDialog>
  );
}
