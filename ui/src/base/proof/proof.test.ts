// @vitest-environment node
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Bad, concat, fromBase64, fromHex, toBase64, toHex, utf8 } from "./bytes";
import { canonicalText, parseCanonical } from "./canonical";
import { canVerify, checkPoint, verifies } from "./ed25519";
import { checkOpening, leafAt, parseLeaf } from "./leaf";
import { checkConsistency, checkInclusion, leafHash, nodeHash } from "./merkle";
import { headOf, Note, VerifierKey } from "./note";
import { Sha256, sha256 } from "./sha256";
import { parseProof } from "./tlog_proof";

// The repository's own known answers, from where vitest runs.
const file = (name: string): Buffer => readFileSync(`../tests/vectors/${name}`);
// oxlint-disable-next-line no-explicit-any -- shapes of many vector files
const vectors = (name: string): any => JSON.parse(file(`proof/${name}.json`).toString());
const bytes = (name: string): Uint8Array => new Uint8Array(file(name));

describe("SHA-256", () => {
  it("answers as WebCrypto does, in whatever pieces a message comes", async () => {
    const message = new Uint8Array(1000).map((_, i) => (i * 7919) % 251);
    for (let length = 0; length < 260; length++) {
      const expected = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", message.subarray(0, length))));
      expect(toHex(sha256(message.subarray(0, length)))).toBe(expected);
      const cut = (length * 31) % (length + 1);
      expect(toHex(new Sha256().update(message.subarray(0, cut)).update(message.subarray(cut, length)).digest())).toBe(expected);
    }
  });
});

describe("canonical JSON", () => {
  it("spells the published values so, and refuses what is outside of its types", () => {
    const found = vectors("rfc8785");
    for (const { input, output } of found.vectors) expect(canonicalText(JSON.parse(input))).toBe(output);
    for (const { output } of found.refused) expect(() => parseCanonical(utf8(output))).toThrow(Bad);
  });

  it("accepts one spelling of a value only", () => {
    expect(parseCanonical(utf8('{"a":1,"b":["x",true]}'))).toEqual({ a: 1, b: ["x", true] });
    for (const other of [
      '{"b":["x",true],"a":1}', '{"a":1, "b":2}', '{"a":1,"a":1}', '{"a":1.0}', '{"a":1e2}', '{"a":-0}', '{"a":null}', '{"\u00e9":1}', '{"a":"\\u0041"}',
      '{"a":"\\ud800"}', '{"a":9007199254740993}', '{"a":9007199254740992}', "[1]", "1", "", "\ufeff{}", `${"[".repeat(70)}${"]".repeat(70)}`, '{"a":1}\n',
    ]) expect(() => parseCanonical(utf8(other)), other).toThrow(Bad);
    expect(() => parseCanonical(new Uint8Array([0x7b, 0xff, 0x7d]))).toThrow(Bad);
  });
});

describe("spellings of bytes", () => {
  it("go there and back, and have one form", () => {
    const data = new Uint8Array(300).map((_, i) => i & 255);
    expect(fromHex(toHex(data))).toEqual(data);
    expect(fromBase64(toBase64(data))).toEqual(data);
    for (const wrong of ["A", "AB", "AB=", "AB==C", "AA==\n", "AB==", " AA==", "A-_="]) expect(() => fromBase64(wrong), wrong).toThrow(Bad);
    for (const wrong of ["0", "0G", "AB", " 00"]) expect(() => fromHex(wrong), wrong).toThrow(Bad);
  });
});

describe("the tree", () => {
  it("has the published hashes", () => {
    const { leaves, nodes } = vectors("rfc6962-tree");
    leaves.forEach((leaf: string, i: number) => expect(toHex(leafHash(fromHex(leaf)))).toBe(nodes[0][i]));
    for (let level = 1; level < nodes.length; level++) {
      nodes[level].forEach((node: string, i: number) => expect(toHex(nodeHash(fromHex(nodes[level - 1][2 * i]), fromHex(nodes[level - 1][2 * i + 1])))).toBe(node));
    }
  });

  it("has the published inclusion proofs, and none of the damaged ones", () => {
    let good = 0;
    for (const one of vectors("merkle-inclusion").vectors) {
      const check = (): void => checkInclusion(fromBytes(one.leaf_hash), one.index, one.size, one.proof.map(fromBytes), fromBytes(one.root));
      if (one.want_err) expect(check, one.id).toThrow(Bad);
      else { good++; expect(check, one.id).not.toThrow(); }
    }
    expect(good).toBeGreaterThan(3);
  });

  it("has the published consistency proofs, and none of the damaged ones", () => {
    let good = 0;
    for (const one of vectors("merkle-consistency").vectors) {
      const check = (): void => checkConsistency(one.size1, one.size2, fromBytes(one.root1), fromBytes(one.root2), one.proof.map(fromBytes));
      // Between equal sizes there is nothing to prove, and a proof of nothing is none.
      if (one.want_err || one.refused_here || one.size1 === one.size2) expect(check, one.id).toThrow(Bad);
      else { good++; expect(check, one.id).not.toThrow(); }
    }
    expect(good).toBeGreaterThan(1);
  });
});

function fromBytes(text: string): Uint8Array {
  return fromHex(text);
}

describe("keys and signatures", () => {
  it("are those of this browser", async () => expect(await canVerify()).toBe(true));

  it("are the published ones", async () => {
    const found = vectors("ed25519");
    for (const { key } of found.refused_keys) expect(() => checkPoint(fromHex(key)), key).toThrow(Bad);
    for (const { id, key, msg, sig, ok } of found.signatures) {
      let good = true;
      try {
        checkPoint(fromHex(key));
        good = await verifies(fromHex(key), fromHex(msg), fromHex(sig));
      } catch (error) {
        expect(error).toBeInstanceOf(Bad);
        good = false;
      }
      expect(good, String(id)).toBe(ok);
    }
  });

  it("name themselves as published", () => {
    for (const { key, ok } of vectors("signed-notes").keys) {
      if (ok) expect(new VerifierKey(key).text).toBe(key);
      else expect(() => new VerifierKey(key), key).toThrow(Bad);
    }
    expect(new VerifierKey(goldenKey()).fingerprint).toMatch(/^([0-9a-f]{8} ){7}[0-9a-f]{8}$/);
  });
});

function goldenKey(): string {
  return JSON.parse(file("golden/keys.json").toString())[0].vkey;
}

describe("notes", () => {
  it("are signed as published, and refused where that says so", async () => {
    for (const one of vectors("signed-notes").notes) {
      const text: string = one.note;
      const last = text.slice(0, -1).split("\n").at(-1)!;
      const whole = last ? text.slice(0, -1 - last.length) + `${last}\n`.repeat(one.copies_of_last_line ?? 1) : text;
      const signed = async (): Promise<string[]> => (await new Note(utf8(whole)).signers(one.keys.map((key: string) => new VerifierKey(key)))).map((key) => key.name);
      if (one.signed_by) expect(await signed(), one.id).toEqual(one.signed_by);
      else await expect(signed(), one.id).rejects.toThrow(Bad);
    }
  });

  it("hold the published heads", () => {
    const { example, bodies } = vectors("checkpoint-bodies");
    const head = headOf(new Note(utf8(example.text)));
    expect([head.origin, head.size, toBase64(head.root)]).toEqual([example.origin, example.size, example.root]);
    for (const one of bodies) {
      const check = (): unknown => headOf(new Note(utf8(`${one.text}\n\u2014 x AAAAAAA=\n`)));
      if (!one.ok || one.refused_here) expect(check, one.id).toThrow(Bad);
    }
  });

  it("refuse every changed byte of a checkpoint", async () => {
    const note = bytes("golden/checkpoint.20");
    const key = new VerifierKey(goldenKey());
    expect(await new Note(note).signers([key])).toEqual([key]);
    for (let at = 0; at < note.length; at++) {
      const changed = note.slice();
      changed[at]! ^= 1;
      await expect((async () => new Note(changed).signers([key]))(), `byte ${at}`).rejects.toThrow(Bad);
    }
  });
});

describe("one entry's proof", () => {
  const openings = JSON.parse(file("golden/openings.json").toString());
  const leaves = file("golden/leaves.ndjson").toString().trimEnd().split("\n");

  it("leads from each leaf of the golden log to its signed root", async () => {
    for (const seq of [0, 3, 12, 19]) {
      const proof = parseProof(bytes(`golden/proofs/${seq}.tlog-proof`));
      const note = new Note(proof.checkpoint);
      const head = headOf(note);
      const leaf = leafAt(utf8(leaves[seq]!), head.origin, seq);
      expect(toHex(leafHash(utf8(leaves[seq]!)))).toBe(openings[seq].leaf_hash);
      checkInclusion(leafHash(utf8(leaves[seq]!)), leaf.seq, head.size, proof.path, head.root);
      await note.signers([new VerifierKey(goldenKey())]);
    }
  });

  it("is refused with any of its bytes changed", async () => {
    const proof = bytes("golden/proofs/12.tlog-proof");
    const key = new VerifierKey(goldenKey());
    const whole = async (data: Uint8Array): Promise<void> => {
      const found = parseProof(data);
      const note = new Note(found.checkpoint);
      const head = headOf(note);
      const leaf = leafAt(utf8(leaves[12]!), head.origin, 12);
      if (found.index !== leaf.seq) throw new Bad("another index");
      checkInclusion(leafHash(utf8(leaves[12]!)), leaf.seq, head.size, found.path, head.root);
      await note.signers([key]);
    };
    await whole(proof);
    for (let at = 0; at < proof.length; at++) {
      const changed = proof.slice();
      changed[at]! ^= 4;
      await expect(whole(changed), `byte ${at}`).rejects.toThrow(Bad);
    }
  });

  it("are the published ones", () => {
    for (const one of vectors("tlog-proofs").good) {
      const found = parseProof(utf8(one.text));
      expect([found.index, found.path.map(toBase64)]).toEqual([one.index, one.hashes]);
    }
    for (const one of vectors("tlog-proofs").bad) {
      // What is wrong may be the checkpoint's text, which is looked at as a note.
      expect(() => headOf(new Note(parseProof(utf8(one.text)).checkpoint)), one.id).toThrow(Bad);
    }
  });

  it("opens with the payload and salt it was made of, and with no others", () => {
    for (const one of openings) {
      if (!one.salt) continue;
      const leaf = parseLeaf(utf8(leaves[one.seq]!));
      const payload = fromBase64(one.payload);
      checkOpening(leaf, one.salt, sha256(payload), payload.length);
      expect(() => checkOpening(leaf, one.salt, sha256(concat(payload, utf8("x"))), payload.length)).toThrow(Bad);
      expect(() => checkOpening(leaf, one.salt, sha256(payload), payload.length + 1)).toThrow(Bad);
      expect(() => checkOpening(leaf, toHex(sha256(fromHex(one.salt))), sha256(payload), payload.length)).toThrow(Bad);
    }
  });

  it("takes no leaf of another place, or with other fields", () => {
    const leaf = leaves[3]!;
    const { log } = JSON.parse(leaf) as { log: string };
    expect(leafAt(utf8(leaf), log, 3).seq).toBe(3);
    expect(() => leafAt(utf8(leaf), log, 4)).toThrow(Bad);
    expect(() => leafAt(utf8(leaf), `${log}1`, 3)).toThrow(Bad);
    for (const [from, to] of [['"v":1', '"v":2'], ['"refs":[]', '"refs":[1]'], ['"len":', '"lem":'], ['"v":1', '"v":1,"x":1'], ['"kind":"evidence"', '"kind":"other"']]) {
      expect(leaf).toContain(from);
      expect(() => parseLeaf(utf8(leaf.replace(from!, to!))), to).toThrow(Bad);
    }
  });
});
