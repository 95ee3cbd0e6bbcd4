/** Verifies a bundle, all of it in this browser: the checks of docs/bundles.md, in their order. */

import { Bad, equal, quoteOf, shownText, utf8 } from "~/base/proof/bytes";
import { parseCanonical } from "~/base/proof/canonical";
import { HEX64 } from "~/base/proof/leaf";
import { Note } from "~/base/proof/note";
import { Bag, MOST_EXTRA, MOST_NOTE, MOST_TEXT, type Box } from "./bag";
import { keyAt } from "./checkpoints";
import { idIn, Log, type Said } from "./log";
import { Report, told, VERDICTS, type Found } from "./report";
import type { Trust } from "./trust";
import { Damaged, NoZip, Zip } from "./zip";

const BAGIT = utf8("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
const COMMON = ["data/bundle.json", "data/annotations.ndjson", "data/custody.csv", "data/page.html", "data/parsers.json"];
const MADE = /^made [0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?Z$/;
const MOST_NOTES = 500;

/** What it has come to. */
export interface Progress {
  readonly read: number;
  readonly total: number;
  readonly records: number;
}

interface About {
  readonly format: string;
  readonly logs: readonly Said[];
  readonly made_by: unknown;
  readonly records: { readonly present: number; readonly withheld: number; readonly erased: number };
  readonly selection: unknown;
  readonly sources: unknown;
}

/**
 * @throws TooLarge it is more than a browser should hold; nothing is said against it.
 * @throws CannotVerify this browser does not know Ed25519.
 */
export async function verify(zip: Blob, trust: Trust, tell: (progress: Progress) => void = () => undefined): Promise<Found> {
  const report = new Report();
  let box: Zip;
  try {
    box = await Zip.open(zip);
  } catch (error) {
    if (error instanceof NoZip) {
      report.isBundle = false;
      report.add("container", "not a zip that is whole", { got: error.message });
    } else if (error instanceof Bad) {
      report.add("container", error);
    } else {
      throw error;
    }
    return outcome(report, [], undefined, []);
  }
  let total = 0;
  for (const name of box.names) total += box.sizeOf(name);
  return verifyBox(box, trust, report, total, tell);
}

/** The checks of a container that was opened. */
export async function verifyBox(box: Box, trust: Trust, report = new Report(), total = 0, tell: (progress: Progress) => void = () => undefined): Promise<Found> {
  let read = 0;
  const bag = new Bag(box, report, (bytes) => {
    read += bytes;
    tell({ read, total, records: Object.values(report.records).reduce((sum, one) => sum + one, 0) });
  });
  const logs: Log[] = [];
  let about: About | undefined;
  report.isBundle = bag.has("bagit.txt");
  if (!report.isBundle) {
    report.add("container", "this is no bundle", { file: "bagit.txt" });
  } else if (await bag.begin()) {
    about = await checkFiles(bag, trust, report, logs);
  }
  return outcome(report, logs, about, report.isReached ? await notes(bag) : [], await failedIds(bag, report));
}

/** What the files say, once they are known to be all there. */
async function checkFiles(bag: Bag, trust: Trust, report: Report, logs: Log[]): Promise<About | undefined> {
  const bagit = await bag.take("bagit.txt");
  if (bagit && !equal(bagit.data, BAGIT)) report.add("container", "not a BagIt 1.0 declaration", { file: "bagit.txt" });
  const about = await describe(bag, report);
  report.isReached = about !== undefined;
  for (const said of about?.logs ?? []) {
    const log = new Log(bag, report, said, trust);
    const isTrusted = await log.run(logs.at(-1));
    report.isTrusted = isTrusted && (report.isTrusted || !logs.length);
    logs.push(log);
  }
  const known = new Set([...COMMON, ...logs.map((log) => `${log.at}/keys`)]);
  for (const name of bag.unused()) if (!known.has(name)) report.add("complete", "a file that nothing in the bundle speaks of", { file: name });
  await bag.finish();
  if (about && logs.length) {
    const { present, withheld, erased } = report.records;
    const counts = about.records;
    if (counts.present !== present || counts.withheld !== withheld || counts.erased !== erased) {
      report.add("complete", "other records than the bundle says", { file: "data/bundle.json", expected: `${counts.present} present, ${counts.withheld} withheld, ${counts.erased} erased`, got: `${present} present, ${withheld} withheld, ${erased} erased` });
    }
    await checkStatement(bag, logs.at(-1)!, report);
  }
  details(report, logs, trust);
  return about;
}

function details(report: Report, logs: readonly Log[], trust: Trust): void {
  const { present, withheld, erased, missing } = report.records;
  report.details.set("keys", logs.flatMap((log) => log.keys.map(([key]) => key.text)).join("; "));
  report.details.set("records", `${present} present, ${withheld} withheld, ${erased} erased, ${missing} missing`);
  report.details.set("witnesses", trust.quorum ? `quorum: ${trust.quorum}` : "no quorum was asked for");
  const stamps = logs.flatMap((log) => log.stamps.map((one) => `${log.said.origin}: ${one}`));
  report.details.set("time", stamps.length ? `stamps claim that there was ${stamps.join("; ")}` : "there are no time stamps");
  if (stamps.length) report.unchecked.add("Who signed the time stamps: that each is over a checkpoint of this bundle was checked, and not by whom it was made. See README.txt in the bundle, or `vestige bundle verify --tsa-roots`.");
}

/** What the bundle says of itself. */
async function describe(bag: Bag, report: Report): Promise<About | undefined> {
  for (const name of COMMON) if (!bag.has(name)) report.add("complete", "a file that every bundle has is missing", { file: name });
  const taken = await bag.take("data/bundle.json");
  if (!taken) return undefined;
  try {
    const about = parseCanonical(taken.data) as unknown as About;
    const names = ["format", "logs", "made_by", "records", "selection", "sources"];
    if (Object.keys(about).toSorted().join() !== names.join() || about.format !== "vestige-bundle/1") throw new Bad("not the description of a bundle", "vestige-bundle/1", quoteOf(String(about.format)));
    const logs: readonly Said[] = Array.isArray(about.logs) ? about.logs : [];
    for (const log of logs) {
      const isGood = typeof log === "object" && Object.keys(log).toSorted().join() === "epoch,origin,root,size" && [log.epoch, log.size].every((one) => Number.isSafeInteger(one) && one >= 0);
      if (!isGood || typeof log.origin !== "string" || !HEX64.test(String(log.root))) throw new Bad("not the description of a log", "epoch, origin, root, size", quoteOf(JSON.stringify(log)));
    }
    if (!logs.length || logs.some((log, i) => i > 0 && log.epoch <= logs[i - 1]!.epoch)) throw new Bad("no logs, or not in order", "rising epochs", logs.map((log) => log.epoch).join());
    const counts = about.records as unknown;
    const isCounts = typeof counts === "object" && counts !== null && Object.keys(counts).toSorted().join() === "erased,present,withheld" && Object.values(counts).every(Number.isSafeInteger);
    if (!isCounts) throw new Bad("not the counts of records", "present, withheld, erased", quoteOf(JSON.stringify(counts)));
    report.details.set("complete", `${about.records.present} present, ${about.records.withheld} withheld, ${about.records.erased} erased, as the bundle says`);
    return about;
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    report.add("complete", error, { file: "data/bundle.json" });
    return undefined;
  }
}

/** The statement is the log's key's word for the tag manifest, and so for every file. */
async function checkStatement(bag: Bag, log: Log, report: Report): Promise<void> {
  try {
    const note = new Note(await bag.bare("statement", MOST_TEXT));
    const lines = note.text.split("\n").slice(0, -1);
    if (lines.length !== 4 || lines[0] !== "vestige-statement/v1" || lines[1] !== log.said.origin || lines[2] !== `bundle ${bag.tagDigest}`) {
      throw new Bad("the statement is not about this bundle", `bundle ${bag.tagDigest}`, quoteOf(lines.join(" / "), 180));
    }
    if (!MADE.test(lines[3]!)) throw new Bad("the statement does not say when it was made", "made <time>", quoteOf(lines[3]!));
    const key = keyAt(log, log.said.size);
    await note.signers(key ? [key] : []);
    report.details.set("statement", lines[3]!);
  } catch (error) {
    if (error instanceof Damaged) {
      report.add("container", "the file cannot be read", { file: "statement", got: error.message });
      report.add("statement", "the statement cannot be read", { file: "statement" });
    } else if (error instanceof Bad) {
      report.add("statement", error, { file: "statement" });
    } else {
      throw error;
    }
  }
}

/** What people noted, for reading; the statement vouches for it, and nothing else does. */
async function notes(bag: Bag): Promise<Found["annotations"]> {
  const name = "data/annotations.ndjson";
  const found: Found["annotations"][number][] = [];
  try {
    const text = bag.has(name) ? shownText(await bag.bare(name, 4 << 20)) : "";
    for (const line of text.split("\n").slice(0, MOST_NOTES)) {
      if (!line) continue;
      const said = JSON.parse(line) as Record<string, unknown>;
      found.push({ entry: String(said["entry"] ?? ""), author: String(said["author"] ?? ""), at: String(said["at"] ?? ""), text: String(said["text"] ?? "") });
    }
  } catch {
    // What cannot be read here was told by the checks, or is too long to be shown.
  }
  return found;
}

/** The ids of the entries something is wrong with, as their leaves say them. */
async function failedIds(bag: Bag, report: Report): Promise<Found["failedIds"]> {
  const found = new Map<string, Found["failedIds"][number]>();
  for (const fault of report.faults) {
    const [, epoch] = /^data\/([0-9]+)\//.exec(fault.file ?? "") ?? [];
    if (fault.seq === undefined || epoch === undefined || found.has(`${epoch}/${fault.seq}`)) continue;
    const name = `data/${epoch}/proofs/${fault.seq}.tlog-proof`;
    try {
      const id = bag.has(name) ? idIn(await bag.bare(name, MOST_NOTE + 2 * MOST_EXTRA)) : "";
      found.set(`${epoch}/${fault.seq}`, { seq: fault.seq, id, file: fault.file! });
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
    }
  }
  return [...found.values()];
}

function outcome(report: Report, logs: readonly Log[], about: About | undefined, annotations: Found["annotations"], failed: Found["failedIds"] = []): Found {
  const exit = report.exit;
  return {
    verdict: VERDICTS[exit], exit, checks: report.checks(), records: report.records, faults: report.faults,
    faultCount: [...report.failed.values()].reduce((sum, one) => sum + one, 0),
    keys: logs.flatMap((log) => log.keys.map(([key]) => key.text)), logs: logs.map((log) => ({ origin: log.said.origin, size: log.said.size, root: log.said.root })),
    selection: about ? JSON.stringify(about.selection) : "", sources: about ? JSON.stringify(about.sources) : "", madeBy: about ? JSON.stringify(about.made_by) : "",
    made: report.failed.has("statement") ? "" : (report.details.get("statement") ?? "").replace(/^made /, ""),
    unchecked: [...report.unchecked], failedIds: failed, annotations,
  };
}

export { told };
