// @vitest-environment node
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Bad, utf8 } from "~/base/proof/bytes";
import { VerifierKey, vkeyOf } from "~/base/proof/note";
import type { Box } from "./bag";
import type { Found } from "./report";
import { Trust } from "./trust";
import { verify, verifyBox } from "./verify";
import { Zip } from "./zip";

const GOLDEN = new Uint8Array(readFileSync("../tests/vectors/bundle/golden.zip"));
const KEY = (JSON.parse(readFileSync("../tests/vectors/golden/keys.json").toString()) as { vkey: string }[])[0]!.vkey;
const OTHER = "astra+cad5a3d2+AZJqeuyE/GnknsCNh1eCtDtwdAwKBddOlS8M2eI1Jt4b";
const trust = (...keys: string[]): Trust => new Trust(keys);

async function unzipped(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const zip = await Zip.open(new Blob([GOLDEN]));
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of zip.names) {
    const pieces: BlobPart[] = [];
    for await (const piece of zip.read(name)) pieces.push(piece);
    found.set(name, new Uint8Array(await new Blob(pieces).arrayBuffer()));
  }
  return found;
}

function box(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Box {
  return { names: new Set(files.keys()), async *read(name) { yield files.get(name)!; } };
}

/** What comes of the golden bundle under a key that is pinned. */
async function pinned(key: string): Promise<[number, string]> {
  const found = await verify(new Blob([GOLDEN]), new Trust([], "", [new VerifierKey(key)]));
  return [found.exit, failed(found)];
}

const failed = (found: Found): string => found.checks.filter((check) => !check.ok).map((check) => check.name).join(" ");

describe("a bundle", () => {
  it("verifies under its log's key, with what is withheld and erased told", async () => {
    const steps: number[] = [];
    const found = await verify(new Blob([GOLDEN]), trust(KEY), (progress) => steps.push(progress.read));
    expect([found.exit, failed(found)]).toEqual([3, ""]);
    expect(found.records).toEqual({ present: 1, withheld: 1, erased: 2, missing: 0 });
    expect([found.logs[0]?.size, found.keys, found.selection]).toEqual([20, [KEY], '{"from":"2026-11-22T16:00:00Z","query":"auth"}']);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });

  it("has an unknown origin without a key, and none under another", async () => {
    expect((await verify(new Blob([GOLDEN]), trust())).exit).toBe(2);
    const found = await verify(new Blob([GOLDEN]), trust(OTHER));
    expect([found.exit, failed(found)]).toEqual([1, "keys"]);
  });

  it("is held against pinned keys of its own log, and not against those of others", async () => {
    expect(await pinned(KEY)).toEqual([3, ""]);
    expect(await pinned(OTHER)).toEqual([2, ""]);
    expect(await pinned(vkeyOf(new VerifierKey(KEY).name, new VerifierKey(OTHER).public))).toEqual([1, "keys"]);
  });

  it("is refused with any one of its files changed or left out, or one more put in", async () => {
    const files = await unzipped();
    expect((await verifyBox(box(files), trust(KEY))).exit).toBe(3);
    for (const [name, data] of files) {
      // Nobody noted anything in this bundle: there is no byte to change.
      if (!data.length) continue;
      const changed = data.slice();
      const at = Math.floor(changed.length / 2);
      changed[at] = changed[at]! ^ 1;
      expect((await verifyBox(box(new Map(files).set(name, changed)), trust(KEY))).exit, `${name} changed`).toBe(1);
      const without = new Map(files);
      without.delete(name);
      expect((await verifyBox(box(without), trust(KEY))).exit, `${name} left out`).toBe(name === "bagit.txt" ? 4 : 1);
    }
    expect((await verifyBox(box(new Map(files).set("data/more.txt", utf8("x"))), trust(KEY))).exit).toBe(1);
  });

  it("says where a key counts no more", async () => {
    const found = await verify(new Blob([GOLDEN]), new Trust([`${KEY} sizes 0 to now, compromised above size 12`]));
    expect([found.exit, failed(found)]).toEqual([1, "keys"]);
    expect((await verify(new Blob([GOLDEN]), new Trust([`${KEY} sizes 0 to now, compromised above size 20`]))).exit).toBe(3);
  });

  it("meets a policy or does not", async () => {
    const witness = "witness w example.com/w+8c4e5d4b+BA==";
    expect(() => new Trust([KEY], witness)).toThrow(Bad);
    expect((await verify(new Blob([GOLDEN]), new Trust([], `log ${KEY}\nquorum none`))).exit).toBe(3);
    for (const line of ["quorum w", "group g any", "logs x", `log ${KEY} a b`]) expect(() => new Trust([], line), line).toThrow(Bad);
  });
});

describe("keys that are given", () => {
  it("are texts or JSON, a line each", () => {
    expect(new Trust([`# mine\n${KEY}\n{"vkey":"${OTHER}","last_good_size":7}\n`]).keys.map((key) => key.text)).toEqual([KEY, OTHER]);
    expect(new Trust([`{"vkey":"${OTHER}","last_good_size": 7}`]).lastGood.get(OTHER)).toBe(7);
    for (const wrong of ["", "# only words", "{", '{"key":"x"}', KEY.slice(0, -2)]) expect(() => new Trust([wrong]), wrong).toThrow(Bad);
  });
});
