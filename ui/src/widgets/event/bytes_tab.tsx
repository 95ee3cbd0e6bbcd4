/** The exact bytes of the record, as text or as a dump, and whether they are what the leaf commits to. */

import { createMemo, createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { fromBase64, fromHex } from "~/base/proof/bytes";
import { commitment, parseLeaf } from "~/base/proof/leaf";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Failed } from "~/widgets/states";
import { bytes as size, count, Digest } from "~/widgets/text";
import { groupsOf, originals } from "./fields";
import { dump, marked } from "./hex";
import { reading, setTold, wasTold, type Held } from "./reading";
import type { Detail } from "./shape";

const PAGE = 4096;

/** What may be found again in the bytes: the original fields, and what was understood of them. */
const findable = (event: Detail): { path: string; value: string }[] => [
  ...originals(event.attributes).map((one) => ({ path: `attributes.${one.path}`, value: one.value })),
  ...groupsOf(event).flatMap((group) => group.rows).filter((row) => !OURS.has(row.name)).map((row) => ({ path: row.name, value: row.value })),
];
/** Fields whose words are this installation's own. */
const OURS = new Set(["event_type", "category", "outcome", "severity", "source", "parser", "acquisition", "tag"]);

interface Props {
  event: Detail;
  /** Reads the exact bytes of an event, once. */
  read: (id: string) => Promise<Held>;
  wasRead: boolean;
}

export function BytesTab(props: Props): JSX.Element {
  const gone = (): string | undefined =>
    props.event.erased ? "The bytes were erased, and with them the salt: nothing of them is left." : props.event.redacted ? "The record is redacted: its bytes are shown to nobody, but to who reveals it with a reason (vestige reveal)." : undefined;
  const [asked, setAsked] = createSignal(props.wasRead || wasTold() ? props.event.id : "");
  return (
    <Switch fallback={<Read {...props} />}>
      <Match when={gone()}><p class="quiet">{gone()}</p></Match>
      <Match when={!may("evidence.reveal")}><p class="quiet">To read exact bytes takes the permission evidence.reveal, which you do not have here. The proof can be run without them.</p></Match>
      <Match when={asked() !== props.event.id && !wasTold()}>
        <div class="stack">
          <p>{count(props.event.provenance.length)} bytes, {props.event.provenance.media_type}. Reading exact bytes is entered in the ledger, with who read them.</p>
          <p><button class="button primary" onClick={() => { setTold(); setAsked(props.event.id); }}>Read the exact bytes</button></p>
        </div>
      </Match>
    </Switch>
  );
}

/** Whether the bytes open the commitment that the leaf makes. */
async function check(event: Detail, found: Held): Promise<boolean> {
  const opening = (await held(api.GET("/v1/events/{event_id}/opening", { params: { path: { event_id: event.id } } }))) as unknown as { leaf: string; salt: string };
  const leaf = parseLeaf(fromBase64(opening.leaf));
  return commitment(fromHex(opening.salt), found.digest) === leaf.c && leaf.len === found.length && leaf.c === event.provenance.commitment;
}

function Read(props: Props): JSX.Element {
  const found = load(() => props.event.id, (id) => props.read(id));
  // Never another event's bytes, not for a moment.
  const here = found.now;
  const opens = load(() => (found.error() === undefined ? here() : undefined), (one) => check(props.event, one));
  const [view, setView] = createSignal<"text" | "hex">("text");
  const [page, setPage] = createSignal(0);
  const pages = (): number => Math.max(1, Math.ceil((here()?.bytes.length ?? 0) / PAGE));
  const part = createMemo(() => here()?.bytes.subarray(page() * PAGE, (page() + 1) * PAGE) ?? new Uint8Array());
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([here()!.bytes]));
    Object.assign(document.createElement("a"), { href: url, download: `${props.event.id}.bin` }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <Show when={found.error() === undefined} fallback={<Failed error={found.error()} />}>
      <Show when={here()} fallback={<p class="quiet" role="status">Reading the bytes{reading(props.event.id) ? `: ${size(reading(props.event.id)!)}` : ""} …</p>}>
        {(one) => (
          <div class="stack">
            <div class="row">
              <Switch fallback={<span class="quiet">Checking the digest …</span>}>
                <Match when={opens.error()}><span class="warn">The commitment could not be checked: {String((opens.error() as Error).message)}.</span></Match>
                <Match when={opens.now() === true}><span class="good">✓ SHA-256, computed here, opens what the leaf commits to</span></Match>
                <Match when={opens.now() === false}><strong class="bad">✗ These bytes are not what the leaf commits to</strong></Match>
              </Switch>
              <Digest of={one().sha256} letters={20} />
              <span class="spread" />
              <div class="row" role="group" aria-label="Shown as">
                <button class="button" aria-pressed={view() === "text"} onClick={() => setView("text")}>Text</button>
                <button class="button" aria-pressed={view() === "hex"} onClick={() => setView("hex")}>Hex</button>
              </div>
              <Show when={one().bytes.length === one().length} fallback={<a class="button" href={`/v1/events/${encodeURIComponent(props.event.id)}/raw`} download={`${props.event.id}.bin`}>Save all {size(one().length)}</a>}>
                <button class="button" onClick={save}>Save</button>
              </Show>
            </div>
            <Show when={view() === "hex"} fallback={<pre class="event-bytes" tabindex="0" role="region" aria-label="The bytes as text"><For each={marked(part(), findable(props.event))}>{(piece) => <Show when={piece.field} fallback={piece.text}><mark title={piece.field}>{piece.text}</mark></Show>}</For></pre>}>
              <pre class="event-bytes dump" tabindex="0" role="region" aria-label="The bytes in hexadecimal"><For each={dump(part(), page() * PAGE)}>{(line) => <>{<span class="faint">{line.offset}</span>}{`  ${line.hex.padEnd(48)}  ${line.text}\n`}</>}</For></pre>
            </Show>
            <div class="row quiet">
              <span>{count(one().length)} bytes, {one().mediaType}. That you read them stands in the ledger.</span>
              <Show when={pages() > 1}>
                <span class="spread" />
                <button class="button" disabled={page() === 0} onClick={() => setPage(page() - 1)}>Before</button>
                <span>bytes {count(page() * PAGE)} to {count(Math.min(one().bytes.length, (page() + 1) * PAGE))} of {count(one().bytes.length)}</span>
                <button class="button" disabled={page() >= pages() - 1} onClick={() => setPage(page() + 1)}>After</button>
              </Show>
            </div>
            <Show when={one().bytes.length < one().length}><p class="warn">The first {size(one().bytes.length)} are shown; all {size(one().length)} were hashed.</p></Show>
          </div>
        )}
      </Show>
    </Show>
  );
}
