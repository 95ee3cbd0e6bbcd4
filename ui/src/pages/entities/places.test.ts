import { describe, expect, it } from "vitest";
import type { EntityGraph } from "./kinds";
import { leaders, placesOf } from "./places";

const entity = (id: string, level: number): EntityGraph["entities"][number] => ({
  id, kind: "ip", value: id, events: 1, first_seen: null, last_seen: null, query: "", level, peers: 1, through: true,
});
const meeting = (from: string, to: string, strength: number): EntityGraph["relationships"][number] => ({
  from, to, strength, events: 1, first_seen: null, last_seen: null, query: "",
});
const graph: EntityGraph = {
  center: "a",
  entities: [entity("a", 0), entity("b", 1), entity("c", 1), entity("d", 2), entity("e", 2), entity("alone", 2)],
  relationships: [meeting("a", "b", 0.5), meeting("c", "a", 0.4), meeting("b", "d", 0.2), meeting("d", "c", 0.3), meeting("e", "b", 0.1), meeting("b", "c", 0.9)],
  left_out: [],
};

describe("places of a graph", () => {
  it("lie behind the entity with the strongest meeting one step nearer", () => {
    expect(Object.fromEntries(leaders(graph))).toEqual({ b: "a", c: "a", d: "c", e: "b" });
  });

  it("lie on rings, each in one place, the same each time", () => {
    const places = placesOf(graph);
    for (const one of graph.entities) {
      const { x, y } = places.get(one.id)!;
      // What no meeting leads to is drawn behind the middle, on its own ring.
      expect(Math.hypot(x, y)).toBeCloseTo(one.level);
    }
    expect(new Set([...places.values()].map(({ x, y }) => `${x.toFixed(6)} ${y.toFixed(6)}`)).size).toBe(graph.entities.length);
    expect([...placesOf(graph)]).toEqual([...places]);
  });

  it("are one place for an entity that met nobody", () => {
    expect([...placesOf({ center: "a", entities: [entity("a", 0)], relationships: [], left_out: [] })]).toEqual([["a", { x: 0, y: 0 }]]);
  });
});
