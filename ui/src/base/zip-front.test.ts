import { expect, test } from "vitest";
import { ZipFront } from "./zip-front";

function file(name: string, content: string, isLarge = false): number[] {
  const bytes = [...new TextEncoder().encode(content)];
  const head = new DataView(new ArrayBuffer(30));
  head.setUint32(0, 0x04034b50, true);
  head.setUint32(18, isLarge ? 0xffffffff : bytes.length, true);
  head.setUint32(22, isLarge ? 0xffffffff : bytes.length, true);
  head.setUint16(26, name.length, true);
  head.setUint16(28, isLarge ? 20 : 0, true);
  const extra = new DataView(new ArrayBuffer(isLarge ? 20 : 0));
  if (isLarge) {
    extra.setUint16(0, 1, true);
    extra.setUint16(2, 16, true);
    extra.setBigUint64(4, 99n, true);
    extra.setBigUint64(12, BigInt(bytes.length), true);
  }
  return [...new Uint8Array(head.buffer), ...new TextEncoder().encode(name), ...new Uint8Array(extra.buffer), ...bytes];
}

const END = [0x50, 0x4b, 0x01, 0x02, ...Array.from({ length: 42 }, () => 0)];

test.each([1, 7, 31, 4096])("names of files, in chunks of %i bytes, whatever their content", (size) => {
  // A head within a file's content is content.
  const trap = String.fromCharCode(0x50, 0x4b, 3, 4) + "x".repeat(60);
  const zip = Uint8Array.from([...file("a/1.bin", trap), ...file("empty", ""), ...file("b/2.bin", "y".repeat(100), true), ...file("c", "z"), ...END]);
  const names: string[] = [];
  const front = new ZipFront((name) => names.push(name));
  for (let at = 0; at < zip.length; at += size) front.take(zip.subarray(at, at + size));
  expect(names).toEqual(["a/1.bin", "empty", "b/2.bin", "c"]);
});

test("what is no zip counts nothing", () => {
  const names: string[] = [];
  const front = new ZipFront((name) => names.push(name));
  front.take(new TextEncoder().encode("<!doctype html>".repeat(20)));
  front.take(Uint8Array.from(file("late", "x")));
  expect(names).toEqual([]);
});
