// @vitest-environment node
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromBase64, toBase64, utf8 } from "~/base/proof/bytes";
import { VerifierKey, vkeyOf } from "~/base/proof/note";
import { sha256 } from "~/base/proof/sha256";
import { prove, type Given } from "./prove";

const SEQ = 12;
const file = (name: string): Buffer => readFileSync(`../tests/vectors/golden/${name}`);
const opening = JSON.parse(file("openings.json").toString())[SEQ] as { leaf_hash: string; payload: string; salt: string };
const leaf = file("leaves.ndjson").toString().split("\n")[SEQ]!;
const key = (JSON.parse(file("keys.json").toString()) as { vkey: string }[])[0]!.vkey;
const payload = fromBase64(opening.payload);

const GIVEN: Given = {
  id: (JSON.parse(leaf) as { id: string }).id, leafHash: opening.leaf_hash, bytes: { digest: sha256(payload), length: payload.length },
  opening: { leaf: toBase64(utf8(leaf)), payload_sha256: "", salt: opening.salt },
  proof: new Uint8Array(file(`proofs/${SEQ}.tlog-proof`)), trusted: [new VerifierKey(key)], named: [key],
};
const states = async (changed: Partial<Given>): Promise<string> => (await prove({ ...GIVEN, ...changed })).steps.map((one) => one.state).join(" ");

describe("the proof of one event", () => {
  it("holds for an entry of the golden log under a pinned key", async () => {
    const found = await prove(GIVEN);
    expect(found.steps.map((one) => one.state)).toEqual(["good", "good", "good", "good"]);
    expect([found.verdict, found.head?.size]).toEqual(["good", 13]);
  });

  it("trusts no key that was not pinned, whatever the server names", async () => {
    const found = await prove({ ...GIVEN, trusted: [] });
    expect([found.verdict, found.unknown?.text]).toEqual(["unsure", key]);
    expect(await states({ trusted: [], named: [] })).toBe("good good good bad");
    const astra = new VerifierKey("astra+cad5a3d2+AZJqeuyE/GnknsCNh1eCtDtwdAwKBddOlS8M2eI1Jt4b");
    const other = new VerifierKey(vkeyOf(new VerifierKey(key).name, astra.public));
    expect((await prove({ ...GIVEN, trusted: [other] })).verdict).toBe("unsure");
  });

  it("says which step fails", async () => {
    const changed = payload.slice();
    changed[0]! ^= 1;
    expect(await states({ bytes: { digest: sha256(changed), length: changed.length } })).toBe("bad good good good");
    expect(await states({ leafHash: "00" })).toBe("good bad");
    expect(await states({ id: "01M8CCBQ0ECN61R67ZJVGEWCK6" })).toBe("good bad");
    expect(await states({ proof: new Uint8Array(file("proofs/3.tlog-proof")) })).toBe("good good bad");
    const broken = new Uint8Array(file(`proofs/${SEQ}.tlog-proof`));
    broken[broken.length - 6]! ^= 1;
    expect(await states({ proof: broken })).toMatch(/bad$/);
  });

  it("is not whole where the bytes were not read", async () => {
    const found = await prove({ ...GIVEN, bytes: undefined, opening: { ...GIVEN.opening, payload_sha256: [...sha256(payload)].map((byte) => byte.toString(16).padStart(2, "0")).join("") } });
    expect([found.verdict, found.steps[0]!.state]).toEqual(["unsure", "unsure"]);
  });
});
