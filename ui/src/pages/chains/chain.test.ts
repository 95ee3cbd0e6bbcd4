import { describe, expect, it } from "vitest";
import { drawn, isFaint, OTHERS, pathTo, type Chain, type ChainLink } from "./marks";
import { plan } from "./place";
import { howMany, labelOf } from "./words";

const at = (minute: number, second = 0): string => `2026-11-20T${String(8 + Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:${String(second).padStart(2, "0")}Z`;
const event = (id: string, minute: number, event_type: string, source = "okta", actor = "ann"): Chain["events"][number] => ({
  id, occurred_at: at(minute), event_type, source, severity: "info", category: "auth", seq: 1, received_at: at(0), actor: { name: actor },
});
const link = (from: string, to: string, strength: number, value = "s1", key = "session"): ChainLink => ({
  from, to, key, value, strength, rarity: 3, reason: `same ${key} ${value}`,
});
const chain = (events: Chain["events"], links: ChainLink[], same_acts: string[][] = []): Chain => ({
  seed: "seed", acts: events.length - same_acts.length, events, links, same_acts, left_out: [],
});

describe("marks of a chain", () => {
  it("fold what is alike, and nothing else", () => {
    const events = [event("seed", 0, "auth.login"), event("a", 1, "data.read"), event("b", 2, "data.read"), event("c", 3, "auth.mfa"), event("d", 4, "data.read"), event("e", 40, "data.read")];
    const links = ["a", "b", "c", "d", "e"].map((id) => link("seed", id, 0.5));
    const folded = drawn(chain(events, links), "source", true);
    expect(folded.marks.map((mark) => mark.events.map((one) => one.id))).toEqual([["seed"], ["a", "b"], ["c"], ["d"], ["e"]]);
    expect(drawn(chain(events, links), "source", false).marks).toHaveLength(6);
    // Every event is in exactly one mark, whatever is folded.
    expect([...folded.markOf.keys()].toSorted()).toEqual(["a", "b", "c", "d", "e", "seed"]);
  });

  it("never fold the seed, nor what another key led to", () => {
    const events = [event("x", 0, "auth.login"), event("seed", 1, "auth.login"), event("y", 2, "auth.login"), event("z", 3, "auth.login")];
    const found = drawn(chain(events, [link("seed", "x", 0.5), link("seed", "y", 0.5), link("seed", "z", 0.06, "10.0.0.1", "ip")]), "source", true);
    expect(found.marks.map((mark) => [mark.id, mark.step, isFaint(mark)])).toEqual([["x", 1, false], ["seed", 2, false], ["y", 3, false], ["z", 0, true]]);
  });

  it("join marks by their strongest link, and tell the way to one from the seed", () => {
    const events = [event("seed", 0, "auth.login"), event("a", 1, "data.read"), event("b", 2, "data.read"), event("c", 3, "data.export", "aws")];
    const found = drawn(chain(events, [link("seed", "a", 0.3), link("seed", "b", 0.4), link("b", "c", 0.2)]), "source", true);
    expect(found.curves.map((curve) => [curve.id, curve.links, curve.link.strength])).toEqual([["a>c", 1, 0.2], ["seed>a", 2, 0.4]]);
    expect(pathTo(found, found.markOf.get("c")!).map((mark) => mark.id)).toEqual(["seed", "a", "c"]);
  });

  it("tie two sources that tell one act", () => {
    const events = [event("seed", 0, "auth.login"), event("a", 0, "auth.login", "auth.log")];
    const found = drawn(chain(events, [link("seed", "a", 0.5)], [["seed", "a"]]), "source", true);
    expect(found.same.map(([one, other]) => [one.id, other.id])).toEqual([["seed", "a"]]);
  });

  it("let lanes in which nothing tells much share one", () => {
    const victims = Array.from({ length: 9 }, (_, i) => event(`v${i}`, i, "auth.login_failed", "okta", `victim${i}`));
    const events = [...victims, event("seed", 20, "auth.login"), event("strong", 21, "data.export", "okta", "root")];
    const links = [...victims.map((one) => link("seed", one["id"] as string, 0.06, "10.0.0.1", "ip")), link("seed", "strong", 0.5)];
    const found = drawn(chain(events, links), "actor", true);
    expect(found.lanes).toEqual(["ann", "root", OTHERS]);
    expect(found.marks.find((mark) => mark.lane === OTHERS)!.events).toHaveLength(9);
    expect(drawn(chain(events, links), "source", true).lanes).toEqual(["okta"]);
  });
});

describe("places of marks", () => {
  const types = ["auth.login", "auth.mfa", "auth.token_issued", "repository.accessed", "service.error", "data.export", "data.read"];
  const events = types.map((type, i) => event(i ? `e${i}` : "seed", i < 6 ? i * 2 : 700, type, i % 2 ? "okta" : "aws"));
  const of = drawn(chain(events, events.slice(1).map((one) => link("seed", one["id"] as string, 0.5))), "source", true);
  const label = (mark: (typeof of.marks)[number]): readonly [string, string] => labelOf(mark, "source");

  it("keep the order of time, and room between steps", () => {
    const placed = plan(of, "story", 900, label).placed;
    for (let i = 1; i < placed.length; i++) expect(placed[i]!.x - placed[i - 1]!.x).toBeGreaterThanOrEqual(20);
    expect(placed.every((one) => one.label)).toBe(true);
  });

  it("cut long silence and say how long it was", () => {
    expect(plan(of, "story", 900, label).cuts.map((cut) => cut.text)).toEqual(["11 h 30 min"]);
    expect(plan(of, "true", 900, label).cuts).toEqual([]);
  });

  it("are proportional where they are true to scale", () => {
    const placed = plan(of, "true", 900, label).placed;
    const perMinute = (placed.at(-1)!.x - placed[0]!.x) / 700;
    expect(placed[1]!.x - placed[0]!.x).toBeCloseTo(2 * perMinute);
  });

  it("never let two labels of a lane lie on each other", () => {
    const boxes = plan(of, "true", 600, label).placed.flatMap((one) => (one.label ? [{ ...one.label, lane: one.mark.lane }] : []));
    for (const one of boxes) {
      for (const other of boxes) {
        if (one !== other && one.lane === other.lane && one.y === other.y) expect(Math.abs(one.x - other.x)).toBeGreaterThan(80);
      }
    }
  });
});

describe("a key that was not followed", () => {
  it("says how many events it has, or that there are more, or that nobody counted", () => {
    const left = { key: "ip", value: "10.0.0.1", why: "common" } as const;
    expect(howMany({ ...left, events: 1200, at_least: false })).toBe("1,200");
    expect(howMany({ ...left, events: 1200, at_least: true })).toBe("at least 1,200");
    expect(howMany({ ...left, events: 0, at_least: false })).toBe("not counted");
  });
});
