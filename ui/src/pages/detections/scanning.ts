/** A scan at the server: how far it is, what it found so far, what it could not look at; it can be stopped. */

import { createSignal, onCleanup, type Accessor } from "solid-js";
import { lines, raw } from "~/api/client";

/** What a scan tells of a finding. Without an id it was not kept. */
export interface Told {
  readonly pattern: string;
  readonly version: string;
  readonly title: string;
  readonly severity: string;
  readonly new: boolean | null;
  readonly grown?: boolean;
  readonly started_at?: string | null;
  readonly ended_at?: string | null;
  readonly keys: readonly { readonly kind: string; readonly value: string }[];
  readonly events?: number;
  readonly times?: number;
  readonly evidence: readonly string[];
  readonly tags: readonly string[];
  readonly id?: string;
}

/** What was not looked at, or not looked for, and why. */
export interface Missed {
  readonly what: string;
  readonly reason: string;
}

export interface Report {
  readonly detections: number;
  readonly new: number | null;
  readonly grown?: number;
  readonly rules?: number;
  readonly refused?: readonly { readonly file: string; readonly rule: string; readonly reason: string }[];
  readonly capped?: readonly string[];
  readonly index_lag?: number;
}

interface Line {
  readonly progress?: { readonly done: number; readonly of: number; readonly pattern?: string };
  readonly detection?: Told;
  readonly cut?: { readonly pattern: string; readonly keys: readonly { kind: string; value: string }[]; readonly reason: string };
  readonly failure?: { readonly pattern: string; readonly reason: string };
  readonly report?: Report;
}

export interface Scan {
  readonly isRunning: Accessor<boolean>;
  readonly progress: Accessor<{ done: number; of: number; pattern?: string } | undefined>;
  readonly seconds: Accessor<number>;
  readonly found: Accessor<readonly Told[]>;
  readonly missed: Accessor<readonly Missed[]>;
  readonly report: Accessor<Report | undefined>;
  readonly error: Accessor<unknown>;
  readonly isStopped: Accessor<boolean>;
  readonly run: (path: string, body: unknown) => Promise<void>;
  readonly stop: () => void;
}

/** What one line of a scan's answer says was missed. */
export function missedOf(line: Line): Missed | undefined {
  if (line.failure) return { what: line.failure.pattern, reason: line.failure.reason };
  if (!line.cut) return undefined;
  const keys = line.cut.keys.map((key) => ` ${key.kind} ${key.value}`).join(",");
  return { what: `${line.cut.pattern}${keys}`, reason: line.cut.reason };
}

export function createScan(): Scan {
  const [isRunning, setRunning] = createSignal(false);
  const [progress, setProgress] = createSignal<{ done: number; of: number; pattern?: string }>();
  const [seconds, setSeconds] = createSignal(0);
  const [found, setFound] = createSignal<readonly Told[]>([]);
  const [missed, setMissed] = createSignal<readonly Missed[]>([]);
  const [report, setReport] = createSignal<Report>();
  const [error, setError] = createSignal<unknown>();
  const [isStopped, setStopped] = createSignal(false);
  let abort: AbortController | undefined;
  onCleanup(() => abort?.abort());

  async function run(path: string, body: unknown): Promise<void> {
    if (isRunning()) return;
    abort = new AbortController();
    const from = performance.now();
    setRunning(true);
    setProgress();
    setFound([]);
    setMissed([]);
    setReport();
    setError();
    setStopped(false);
    const clock = setInterval(() => setSeconds((performance.now() - from) / 1000), 250);
    try {
      const init = { method: "POST", signal: abort.signal, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
      for await (const line of lines<Line>(await raw(path, init))) {
        if (line.progress) setProgress(line.progress);
        if (line.detection) setFound((there) => [...there, line.detection!]);
        const lost = missedOf(line);
        if (lost) setMissed((there) => [...there, lost]);
        if (line.report) setReport(line.report);
      }
    } catch (caught) {
      if (abort.signal.aborted) setStopped(true);
      else setError(() => caught);
    } finally {
      clearInterval(clock);
      setSeconds((performance.now() - from) / 1000);
      setRunning(false);
    }
  }
  return { isRunning, progress, seconds, found, missed, report, error, isStopped, run, stop: () => abort?.abort() };
}
