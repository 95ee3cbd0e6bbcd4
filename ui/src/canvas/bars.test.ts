import { describe, expect, it } from "vitest";
import { readDensity, DensityError, type Density } from "~/base/density";
import { Scale } from "~/base/scale";
import { countAt, height, OTHER, ROW } from "./bars";
import { hit, stacked, type Mark } from "./marks";

function bytes(head: object, rows: number[][]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const padded = text.length + ((8 - ((12 + text.length) % 8)) % 8);
  const buffer = new ArrayBuffer(12 + padded + rows.flat().length * 4);
  const all = new Uint8Array(buffer).fill(32);
  all.set(new TextEncoder().encode("VDEN1\0\0\0"));
  new DataView(buffer).setUint32(8, padded, true);
  all.set(text, 12);
  rows.flat().forEach((n, i) => new DataView(buffer).setUint32(12 + padded + i * 4, n, true));
  return buffer;
}

const HEAD = { start_ns: "1763827445123456789", end_ns: "1763827445123456793", origin_ns: "1763827445123456789", width_ns: "1", buckets: 4, lanes: ["a", "b"], other: true, total: 10 };
const ROWS = [[1, 0, 0, 4], [0, 2, 0, 0], [0, 0, 3, 0]];

const mark = (id: string, at: bigint): Mark => ({ id, at, severity: id === "c" ? "high" : "info", label: id });

describe("density", () => {
  it("is read at steps of one nanosecond", () => {
    const found: Density = readDensity(bytes(HEAD, ROWS));
    expect(found.rows.map((row) => [...row])).toEqual(ROWS);
    expect(countAt(found, "a", 1763827445123456792n)).toBe(4);
    expect(countAt(found, "b", 1763827445123456790n)).toBe(2);
    expect(countAt(found, OTHER, 1763827445123456791n)).toBe(3);
    expect(countAt(found, "a", 1763827445123456793n)).toBeUndefined();
  });

  it("is refused when it is something else, or cut", () => {
    const whole = bytes(HEAD, ROWS);
    expect(() => readDensity(whole.slice(0, -4))).toThrow(DensityError);
    new Uint8Array(whole)[0] = 0;
    expect(() => readDensity(whole)).toThrow(DensityError);
  });

  it("shows every count, and more for more", () => {
    expect(height(0, 9)).toBe(0);
    expect(height(1, 1_000_000)).toBeGreaterThan(0);
    expect(height(10, 100)).toBeGreaterThan(height(1, 100));
    expect(height(100, 100)).toBe(ROW);
  });
});

describe("marks", () => {
  const marks = [mark("a", 0n), mark("b", 1n), mark("c", 2n), mark("d", 900n)];

  it("are one where they are close, and themselves where there is room", () => {
    const far = stacked(marks, new Scale({ start: 0n, end: 1000n }, 1000));
    expect(far.map((one) => one.marks.length)).toEqual([3, 1]);
    expect(far[0]!.severity).toBe("high");
    expect(stacked(marks, new Scale({ start: 0n, end: 20n }, 1000)).map((one) => one.marks.length)).toEqual([1, 1, 1]);
  });

  it("are found where they are drawn", () => {
    const scale = new Scale({ start: 0n, end: 1000n }, 1000);
    expect(hit(stacked(marks, scale), 902)?.marks[0]!.id).toBe("d");
    expect(hit(stacked(marks, scale), 500)).toBeUndefined();
  });
});
