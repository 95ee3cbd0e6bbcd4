/** Weekly archives of the log in a store of their own: making, verifying, and putting back what was lost. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { createWork } from "~/widgets/running";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Digest, Time } from "~/widgets/text";

interface Checked {
  readonly archives: readonly { readonly week?: string; readonly ok?: boolean; readonly verdict?: string; readonly reason?: string }[];
}

export function Archives(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/archives")));
  const [checked, setChecked] = createSignal<Record<string, string>>({});
  const [isRestoring, setRestoring] = createSignal(false);
  const work = createWork<Record<string, unknown>>();
  async function make(): Promise<void> {
    const report = (await work.run("/v1/archives")) as { created?: unknown[] } | undefined;
    if (report) tell(`${count(report.created?.length ?? 0)} archives were made.`, "good");
    await found.again();
  }
  async function verify(week: string): Promise<void> {
    const report = (await work.run("/v1/archives/verify", { week })) as unknown as Checked | undefined;
    for (const one of report?.archives ?? []) setChecked((there) => ({ ...there, [one.week ?? week]: one.verdict ?? (one.ok ? "verified" : (one.reason ?? "failed")) }));
  }
  async function restore(): Promise<void> {
    const report = await work.run("/v1/archives/restore", { week: "" });
    if (report) tell(`Put back: ${Object.entries(report).filter(([, value]) => typeof value === "number").map(([name, value]) => `${name.replaceAll("_", " ")} ${count(value as number)}`).join(", ")}.`, "good");
  }
  return (
    <Answer of={found} what="the archives">
      {(all) => (
        <Show
          when={all().configured}
          fallback={<Empty title="No store of archives is set">With <code>VESTIGE_ARCHIVE_URL</code> (a directory or an S3 bucket) each week is archived once it is over: the entries, the events, the proofs, and the one file that verifies them.</Empty>}
        >
          <div class="stack">
            <div class="row">
              <p class="spread quiet">A week is archived once it is over. Each archive is signed, and verifies without this server.</p>
              <work.View what="Working" />
              <Show when={may("ledger.manage")}>
                <button class="button" disabled={work.isRunning()} onClick={() => void make()}>Archive what is over</button>
                <button class="button" disabled={work.isRunning()} onClick={() => void verify("")}>Verify all</button>
                <button class="button" disabled={work.isRunning()} onClick={() => setRestoring(true)}>Put back what is lost …</button>
              </Show>
            </div>
            <Show when={all().archives.length} fallback={<p class="quiet">No week is over yet, or none was archived so far.</p>}>
              <Table
                label="Archives, the newest first" each={all().archives.toReversed()}
                head={<><th>Week</th><th class="num">Entries</th><th class="num">Records</th><th class="num">Erased</th><th>Made</th><th>Manifest</th><th>Verified here</th></>}
              >
                {(one) => (
                  <tr>
                    <td class="mono">{one.week}{one.epoch ? ` (epoch ${one.epoch})` : ""}</td><td class="num">{count(one.entries)}</td><td class="num">{count(one.records)}</td><td class="num">{count(one.erased)}</td>
                    <td><Time at={one.made} precision="second" /></td><td><Digest of={one.manifest_sha256} /></td>
                    <td><Show when={checked()[one.week]} fallback={<Show when={may("ledger.manage")}><button class="button bare" disabled={work.isRunning()} onClick={() => void verify(one.week)}>Verify</button></Show>}>{(verdict) => <span classList={{ good: verdict().startsWith("verified"), bad: !verdict().startsWith("verified") }}>{verdict()}</span>}</Show></td>
                  </tr>
                )}
              </Table>
            </Show>
            <Show when={isRestoring()}>
              <Confirm title="Put back what is lost" verb="Put it back" isHarmless close={() => setRestoring(false)} act={restore}>
                <p>Payloads that are missing here are fetched from the archives, checked against their leaves, and kept again. What was erased stays erased. Nothing that is here is changed.</p>
              </Confirm>
            </Show>
          </div>
        </Show>
      )}
    </Answer>
  );
}
