/** The account of an import, and the sum of several. */

export interface Failure {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
  /** The record's entry, where one was taken in and could not be read. */
  readonly id?: string;
}

export interface ImportReport {
  readonly outcome: string;
  readonly files: number;
  readonly skipped_files: number;
  readonly records: number;
  readonly parsed: number;
  readonly unparsed: number;
  readonly duplicates: number;
  readonly skipped: number;
  readonly events: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly formats: Readonly<Record<string, number>>;
  readonly assumptions: readonly string[];
  readonly left_out: readonly string[];
  readonly failures: readonly Failure[];
  readonly failures_total: number;
  readonly index_lag?: number;
}

const COUNTS = ["files", "skipped_files", "records", "parsed", "unparsed", "duplicates", "skipped", "events", "bytes", "seconds", "failures_total"] as const;

/** Several accounts as one; `undefined` of none. */
export function sum(reports: readonly ImportReport[]): ImportReport | undefined {
  if (!reports.length) return undefined;
  const added = Object.fromEntries(COUNTS.map((name) => [name, reports.reduce((all, one) => all + one[name], 0)])) as Record<(typeof COUNTS)[number], number>;
  const formats: Record<string, number> = {};
  for (const one of reports) for (const [name, files] of Object.entries(one.formats)) formats[name] = (formats[name] ?? 0) + files;
  return {
    ...added, formats,
    outcome: reports.find((one) => one.outcome !== "complete")?.outcome ?? "complete",
    assumptions: reports.flatMap((one) => one.assumptions),
    left_out: reports.flatMap((one) => one.left_out),
    failures: reports.flatMap((one) => one.failures),
  };
}

/** Whether every record is exactly one of parsed, unparsed, duplicate, skipped. */
export const addsUp = (one: ImportReport): boolean => one.records === one.parsed + one.unparsed + one.duplicates + one.skipped;
