import { describe, expect, it } from "vitest";
import { atWall, DAY, parseInstant, showInstant, showLength, toText, wall } from "./instant";
import { pan, width, zoom, type Span } from "./span";
import { Scale, ticks } from "./scale";

const AT = parseInstant("2026-11-22T16:04:05.123456789Z")!;

describe("instants", () => {
  it("keep every nanosecond from text to label", () => {
    for (let step = 0n; step < 1000n; step++) {
      const at = AT + step;
      expect(parseInstant(toText(at))).toBe(at);
      expect(showInstant(at, "UTC").slice(-9)).toBe((123456789n + step).toString());
    }
  });

  it("read offsets, and dates before 1970", () => {
    expect(toText(parseInstant("2026-11-22T16:04:05+02:00")!)).toBe("2026-11-22T14:04:05Z");
    expect(toText(-1n)).toBe("1969-12-31T23:59:59.999999999Z");
    expect(parseInstant("1969-12-31T23:59:59.999999999Z")).toBe(-1n);
  });

  it("refuse what is no instant", () => {
    for (const text of ["", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T16:04:05", "now"]) {
      expect(parseInstant(text)).toBeUndefined();
    }
  });

  it("show a zone's clocks on both sides of a change", () => {
    const before = parseInstant("2026-10-25T00:59:59Z")!;
    const after = parseInstant("2026-10-25T01:00:00Z")!;
    expect(showInstant(before, "Europe/Berlin", "second")).toBe("2026-10-25 02:59:59");
    expect(showInstant(after, "Europe/Berlin", "second")).toBe("2026-10-25 02:00:00");
    expect(wall(after, "Europe/Berlin").offset).toBe(3_600_000_000_000n);
    expect(toText(atWall("Europe/Berlin", 2026, 7, 1))).toBe("2026-06-30T22:00:00Z");
  });

  it("name lengths by their largest units", () => {
    expect(showLength(3n * DAY + 4n * 3_600_000_000_000n + 5n)).toBe("3 d 4 h");
    expect(showLength(1_200n)).toBe("1 µs 200 ns");
    expect(showLength(0n)).toBe("0 ns");
  });
});

describe("spans", () => {
  it("keep the instant under the pointer over 60 halvings and back", () => {
    let span: Span = { start: AT - DAY, end: AT + DAY };
    for (let i = 0; i < 60; i++) span = zoom(span, 0.5, 0.5);
    expect(width(span)).toBe(20n);
    expect(span.start <= AT && AT < span.end).toBe(true);
    const narrow = new Scale(span, 1000);
    expect(narrow.at(narrow.x(AT))).toBe(AT);
    expect(narrow.x(AT + 1n) - narrow.x(AT)).toBeCloseTo(50);
  });

  it("pan there and back to where they were", () => {
    const span: Span = { start: AT, end: AT + 1_000_000n };
    expect(pan(pan(span, 0.25), -0.25)).toEqual(span);
  });
});

describe("axes", () => {
  it("have distinct labels and enough room from nanoseconds to centuries", () => {
    for (let exponent = 2; exponent < 19; exponent++) {
      const scale = new Scale({ start: AT, end: AT + 10n ** BigInt(exponent) }, 1200);
      for (const zone of ["UTC", "Asia/Kathmandu", "America/New_York"]) {
        const found = ticks(scale, zone);
        expect(found.length).toBeGreaterThan(0);
        expect(found.length).toBeLessThan(14);
        for (let i = 1; i < found.length; i++) expect(scale.x(found[i]!.at) - scale.x(found[i - 1]!.at)).toBeGreaterThan(60);
      }
    }
  });

  it("put days at the zone's midnight over a change of its offset", () => {
    const scale = new Scale({ start: parseInstant("2026-10-23T12:00:00Z")!, end: parseInstant("2026-10-28T12:00:00Z")! }, 1200);
    for (const tick of ticks(scale, "Europe/Berlin")) {
      if (tick.label.includes(" ")) expect(showInstant(tick.at, "Europe/Berlin", "second")).toMatch(/ 00:00:00$/);
    }
  });
});
