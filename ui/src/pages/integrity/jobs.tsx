/** What is done by itself: when it ran, what came of it, when it is due; and running it now. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { createWork, seconds } from "~/widgets/running";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";

type Job = components["schemas"]["Job"];
const NAMED = ["entries", "size", "past_retention", "purged", "archives", "anchors", "new", "detections"] as const;

/** What came of a job, in a few words; what it says besides stands in its title. */
export function resultOf(result: Readonly<Record<string, unknown>>): string {
  const words: string[] = [];
  if (result["ok"] === true) words.push("all well");
  if (result["ok"] === false) words.push(`not well: ${String(result["reason"] ?? "no reason is told")}`);
  for (const name of NAMED) {
    const value = result[name];
    if (typeof value === "number") words.push(`${name.replaceAll("_", " ")}: ${count(value)}`);
    else if (Array.isArray(value)) words.push(`${name}: ${count(value.length)}`);
  }
  return words.join(", ") || "done";
}

export function Jobs(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/jobs")));
  const [running, setRunning] = createSignal("");
  const work = createWork<Record<string, unknown>>();
  async function run(name: string): Promise<void> {
    setRunning(name);
    await work.run(`/v1/jobs/${name}/run`);
    setRunning("");
    await found.again();
  }
  return (
    <Answer of={found} what="the jobs">
      {(all) => (
        <div class="stack">
          <Show when={all().error}><p class="bad">{all().error}</p></Show>
          <Table
            label="Jobs" each={all().jobs}
            head={<><th>Job</th><th>Every</th><th>Last ended</th><th>Last good</th><th>Next</th><th>What came of it</th><th><span class="visually-hidden">Run it</span></th></>}
          >
            {(job) => (
              <tr>
                <td class="job"><span class="mono">{job.name}</span><div class="quiet">{job.about}</div></td>
                <td class="nowrap">{job.every_seconds ? every(job.every_seconds) : "only when asked"}</td>
                <td><Show when={job.ended} fallback={<span class="faint">never</span>}><Time at={job.ended} precision="minute" /><div class="quiet">{took(job) && `took ${took(job)}`}</div></Show></td>
                <td><Show when={job.last_good} fallback={<span class="faint">never</span>}><Time at={job.last_good} precision="minute" /></Show></td>
                <td><Show when={job.due} fallback={<span class="faint">not by itself</span>}><Time at={job.due} precision="minute" /></Show></td>
                <td class="came" title={job.result ? JSON.stringify(job.result, null, 1) : undefined}>
                  <Show when={job.error} fallback={<Show when={job.result} fallback={<span class="quiet">{job.state}</span>}>{(result) => <span classList={{ good: result()["ok"] === true, bad: result()["ok"] === false }}>{resultOf(result())}</span>}</Show>}>
                    <span class="bad">{job.error}{(job.failures ?? 0) > 1 ? ` (${count(job.failures!)} times in a row)` : ""}</span>
                  </Show>
                  <Show when={running() === job.name}><work.View what="running" /></Show>
                  <Show when={job.progress && running() !== job.name}><div class="quiet">runs at {job.runner}: {count(job.progress!.done)} of {count(job.progress!.of)}</div></Show>
                </td>
                <td><Show when={may("ledger.manage")}><button class="button" disabled={work.isRunning()} aria-label={`Run now: ${job.name}`} onClick={() => void run(job.name)}>Run now</button></Show></td>
              </tr>
            )}
          </Table>
          <p class="quiet">One node runs a job at a time. A job that erases needs evidence.erase besides, by hand as by itself.</p>
        </div>
      )}
    </Answer>
  );
}

const every = (size: number): string => (size % 86_400 === 0 ? `${size / 86_400} d` : size % 3600 === 0 ? `${size / 3600} h` : seconds(size));

function took(job: Job): string {
  if (!job.started || !job.ended) return "";
  const millis = Date.parse(job.ended) - Date.parse(job.started);
  return millis < 0 ? "" : millis < 1000 ? `${millis} ms` : `${(millis / 1000).toFixed(1)} s`;
}
