/** Proves the event in this browser, and lets a person pin the key that signed, once it was compared. */

import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import { api, held, raw } from "~/api/client";
import { VerifierKey } from "~/base/proof/note";
import { keysOf } from "~/state/keys";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { KeyToCompare } from "~/widgets/keys";
import { Failed } from "~/widgets/states";
import { prove, STEPS, type Outcome, type Step } from "./prove";
import { setTold, type Held } from "./reading";
import type { Detail } from "./shape";

const MARK = { good: "✓", bad: "✗", unsure: "?", waiting: "·" } as const;
const SAID = { good: "holds", bad: "fails", unsure: "not decided", waiting: "not run" } as const;

interface Props {
  event: Detail;
  /** Reads the exact bytes of an event, once. */
  read: (id: string) => Promise<Held>;
  wasRead: boolean;
}

export function ProofTab(props: Props): JSX.Element {
  const [run, setRun] = createSignal<{ id: string; bytes: boolean; again: number }>();
  const isHidden = (): boolean => Boolean(props.event.redacted || props.event.erased);
  const canRead = (): boolean => may("evidence.reveal") && !isHidden();
  const outcome = load(() => (run()?.id === props.event.id ? run() : undefined), (asked) => proven(props, asked.bytes));
  const start = (bytes: boolean): void => {
    if (bytes) setTold();
    setRun({ id: props.event.id, bytes, again: (run()?.again ?? 0) + 1 });
  };
  const steps = (): readonly Step[] => {
    const done = outcome.error() === undefined ? (outcome.now()?.steps ?? []) : [];
    return STEPS.map((name) => done.find((one) => one.name === name) ?? { name, state: "waiting", words: "" });
  };
  const isRun = (): boolean => run()?.id === props.event.id;
  return (
    <div class="stack">
      <p>
        What this page shows was told by a server. This checks it here, with nothing of the server's but the proof: that the bytes are what a
        leaf commits to, that the leaf lies in the log's tree, and that a key which you compared signed the tree.
      </p>
      <Show when={!isHidden()} fallback={<p class="warn">{props.event.erased ? "The record was erased: without its salt the commitment tells nothing. Its leaf is still in the tree." : "The record is redacted: what opens its commitment is not given out."} A bundle that holds it proves the leaf.</p>}>
        <div class="row">
          <Show when={canRead()} fallback={<button class="button primary" disabled={outcome.busy()} onClick={() => start(false)}>Prove it by its digest</button>}>
            <button class="button primary" disabled={outcome.busy()} onClick={() => start(true)}>Prove</button>
            <Show when={!props.wasRead}><span class="quiet">Reads the exact bytes, which is entered in the ledger. <button class="button" onClick={() => start(false)}>Prove it without reading them</button></span></Show>
          </Show>
        </div>
      </Show>
      <Show when={isRun()}>
        <Show when={outcome.error() === undefined} fallback={<Failed error={outcome.error()} retry={() => start(run()!.bytes)} />}>
          <ol class="steps" aria-live="polite">
            <For each={steps()}>
              {(step) => (
                <li class={step.state}>
                  <span class="mark-sign" aria-hidden="true">{MARK[step.state]}</span>
                  <div>
                    <strong>{step.name}</strong> <span class="visually-hidden">{SAID[step.state]}</span>
                    <p>{step.words}</p>
                    <Show when={step.expected}><p class="mono faint">expected {step.expected}</p></Show>
                    <Show when={step.got}><p class="mono faint">{step.expected ? "got " : ""}{step.got}</p></Show>
                  </div>
                </li>
              )}
            </For>
          </ol>
          <Show when={outcome.now()}>{(found) => <Verdict of={found()} again={() => start(run()!.bytes)} />}</Show>
        </Show>
      </Show>
    </div>
  );
}

function Verdict(props: { of: Outcome; again: () => void }): JSX.Element {
  return (
    <>
      <Switch>
        <Match when={props.of.verdict === "good"}><p class="verdict good"><strong>Proved.</strong> These bytes were in the log when a key that you compared signed its {props.of.head!.size} entries. Nobody changed them since.</p></Match>
        <Match when={props.of.verdict === "bad"}><p class="verdict bad"><strong>Not proved.</strong> What this page shows is not what was signed. Keep a copy of it, and ask who keeps this log; `vestige ledger verify` says where it parts.</p></Match>
        <Match when={true}><p class="verdict warn"><strong>All fits together, but something is not decided:</strong> see the question marks.</p></Match>
      </Switch>
      <Show when={props.of.unknown}>{(key) => <KeyToCompare of={key()} pinned={props.again} />}</Show>
    </>
  );
}

/** Fetches what the proof needs, and runs it. */
async function proven(props: Props, withBytes: boolean): Promise<Outcome> {
  const { id, provenance } = props.event;
  const path = { params: { path: { event_id: id } } };
  const [bytes, opening, proof, named] = await Promise.all([
    withBytes ? props.read(id) : undefined,
    held(api.GET("/v1/events/{event_id}/opening", path)) as unknown as Promise<{ leaf: string; payload_sha256: string; salt: string }>,
    raw(`/v1/events/${encodeURIComponent(id)}/proof`).then((response) => response.arrayBuffer()),
    held(api.GET("/v1/ledger/keys")) as unknown as Promise<{ vkey: string }[]>,
  ]);
  return prove({
    id, leafHash: provenance.leaf_hash, bytes: bytes && { digest: bytes.digest, length: bytes.length }, opening, proof: new Uint8Array(proof),
    trusted: keysOf(provenance.log).map((key) => new VerifierKey(key.text)), named: named.map((key) => key.vkey),
  });
}
