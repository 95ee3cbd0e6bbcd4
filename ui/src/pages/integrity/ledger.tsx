/** The log itself: its last checkpoint, whose signature this browser checks; verifying all of it; its keys. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held, raw } from "~/api/client";
import { toHex } from "~/base/proof/bytes";
import { CannotVerify } from "~/base/proof/ed25519";
import { headOf, Note, VerifierKey } from "~/base/proof/note";
import { isPinned, keyOf } from "~/state/keys";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Dialog } from "~/widgets/dialog";
import { KeyToCompare } from "~/widgets/keys";
import { createWork } from "~/widgets/running";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly note?: boolean | "";
}

interface Verified {
  readonly ok: boolean;
  readonly size: number;
  readonly root: string;
  readonly first_bad_seq: number | null;
  readonly interval: readonly [number, number] | null;
  readonly reason: string;
  readonly checks: readonly Check[];
}

interface Checkpoint {
  readonly text: string;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** When, by the server's clock; the note itself states none. */
  readonly at: string | undefined;
  /** Names of keys that signed it, as this browser found; or why it could not find out. */
  readonly signers: readonly VerifierKey[];
  readonly wrong?: string;
}

async function checkpoint(): Promise<Checkpoint> {
  const [answer, keys] = await Promise.all([raw("/v1/ledger/checkpoint"), held(api.GET("/v1/ledger/keys"))]);
  const data = new Uint8Array(await answer.arrayBuffer());
  const note = new Note(data);
  const { origin, size, root } = headOf(note);
  const told = { text: new TextDecoder().decode(data), origin, size, root: toHex(root), at: answer.headers.get("x-vestige-signed-at") ?? undefined };
  try {
    return { ...told, signers: await note.signers(keys.map((one) => new VerifierKey(one.vkey))) };
  } catch (error) {
    const why = error instanceof CannotVerify ? "This browser does not know Ed25519: it cannot check the signature." : error instanceof Error ? error.message : String(error);
    return { ...told, signers: [], wrong: why };
  }
}

export function LedgerTab(): JSX.Element {
  const last = load(() => true, checkpoint);
  const [verified, setVerified] = createSignal<Verified>();
  const work = createWork<Verified>();

  async function verify(): Promise<void> {
    const found = await work.run("/v1/ledger/verify");
    if (found) setVerified(found);
  }
  async function sign(): Promise<void> {
    await api.POST("/v1/ledger/checkpoint", { parseAs: "text" });
    await last.again();
    tell("The present head is signed and published.", "good");
  }
  return (
    <div class="stack">
      <div class="two">
        <section class="panel">
          <header>
            <h2 class="spread">Last checkpoint</h2>
            <Show when={may("ledger.manage")}><button class="button" onClick={() => void sign().catch(tellError)}>Sign the head now</button></Show>
          </header>
          <Answer of={last} what="the checkpoint">
            {(one) => (
              <dl class="facts body">
                <dt>Entries</dt><dd class="mono">{count(one().size)}</dd>
                <dt>Root</dt><dd><Digest of={one().root} letters={64} /></dd>
                <dt>Signed</dt><dd><Time at={one().at} precision="milli" /> by the server's clock</dd>
                <dt>Log</dt><dd class="mono">{one().origin}</dd>
                <dt>Signature</dt>
                <dd>
                  <Show when={!one().wrong} fallback={<span class="bad">✗ {one().wrong}</span>}>
                    <For each={one().signers}>
                      {(key) => <div><span class="good">✓</span> checked in this browser, by the key <span class="mono">{toHex(key.id)}</span> {isPinned(key.text) ? "that you pinned" : "that this server names; nobody compared it in this browser yet"}. Fingerprint: <span class="mono">{key.fingerprint}</span></div>}
                    </For>
                  </Show>
                </dd>
                <dt>Note</dt><dd><Digest of={one().text} letters={28} /></dd>
              </dl>
            )}
          </Answer>
        </section>
        <section class="panel">
          <header>
            <h2 class="spread">Verify all of it</h2>
            <button class="button primary" disabled={work.isRunning()} onClick={() => void verify()}>Verify now</button>
          </header>
          <div class="body stack">
            <p class="quiet">Every leaf, payload, tile, checkpoint, key and acquired file is read again and held against one another. It goes on by itself too: see Jobs. Whoever holds this server could still show you another ledger; witnesses, and a bundle that you verify yourself, are against that.</p>
            <work.View what="Verifying" />
            <Show when={verified()}>
              {(found) => (
                <p role="status" classList={{ good: found().ok, bad: !found().ok }}>
                  <strong>{found().ok ? "✓ Verified" : "✗ Not as it was"}</strong>: {count(found().size)} entries{found().ok ? "." : `: ${found().reason}${found().first_bad_seq === null ? "" : `, first at entry ${count(found().first_bad_seq!)}`}.`}
                </p>
              )}
            </Show>
          </div>
        </section>
      </div>
      <Show when={verified()}>
        {(found) => (
          <section class="panel">
            <header><h2>What was checked</h2></header>
            <Table label="Checks of the verification" each={found().checks} class="checks" frame="bare" head={<><th>Check</th><th>Found</th></>}>
              {(check) => (
                <tr>
                  <td><span class="mark" classList={{ good: check.ok && !check.note, bad: !check.ok, quiet: check.ok && Boolean(check.note) }}>{check.ok ? (check.note ? "i" : "✓") : "✗"}</span>{check.name.replaceAll("_", " ")}</td>
                  <td>{check.detail || "as it should be"}</td>
                </tr>
              )}
            </Table>
          </section>
        )}
      </Show>
      <Keys />
    </div>
  );
}

function fingerprint(vkey: string): string {
  try {
    return new VerifierKey(vkey).fingerprint;
  } catch {
    return "of a kind this browser does not know";
  }
}

function Keys(): JSX.Element {
  const keys = load(() => true, () => held(api.GET("/v1/ledger/keys")));
  const [compared, setCompared] = createSignal<VerifierKey>();
  return (
    <section class="panel">
      <header><h2>Keys of the log</h2><span class="quiet">Compare a fingerprint with somebody who has the key from elsewhere; give the key to whoever verifies a bundle.</span></header>
      <Answer of={keys} what="the keys">
        {(found) => (
          <Table
            label="Keys of the log, the oldest first" each={found()} frame="bare"
            head={<><th class="num">Epoch</th><th class="num">From size</th><th class="num">To size</th><th>Verifier key</th><th>Fingerprint</th><th>In this browser</th><th>Besides</th></>}
          >
            {(key) => (
              <tr>
                <td class="num">{key.epoch}</td><td class="num">{count(key.from_size)}</td><td class="num">{key.to_size === undefined ? "in force" : count(key.to_size)}</td>
                <td><Digest of={key.vkey} letters={40} /></td><td class="mono">{fingerprint(key.vkey)}</td>
                <td class="nowrap"><Show when={keyOf(key.vkey)} fallback={<span class="quiet">cannot be checked</span>}>{(found) => <button class="button" onClick={() => setCompared(found())}>{isPinned(key.vkey) ? "Pinned" : "Compare and pin"}</button>}</Show></td>
                <td>{key.last_good_size === undefined ? "" : `believed alone up to ${count(key.last_good_size)}`}<Show when={key.second}>{(second) => <> a post-quantum key beside it: <Digest of={second()} letters={24} /></>}</Show></td>
              </tr>
            )}
          </Table>
        )}
      </Answer>
      <Show when={compared()}>{(key) => <Dialog title="A key of the log" close={() => setCompared()} wide><KeyToCompare of={key()} pinned={() => setCompared()} /></Dialog>}</Show>
    </section>
  );
}
