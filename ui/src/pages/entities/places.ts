/**
 * Where the entities of a graph are drawn: the one asked for in the middle, each step outward on a ring of its own, each
 * entity near the one that leads to it over the strongest meeting. The same graph is drawn the same each time.
 */

import type { EntityGraph } from "./kinds";

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The entity one step nearer to the middle that each entity is drawn behind. */
export function leaders(graph: EntityGraph): Map<string, string> {
  const level = new Map(graph.entities.map((one) => [one.id, one.level]));
  const best = new Map<string, { by: string; strength: number }>();
  for (const meeting of graph.relationships) {
    for (const [near, far] of [[meeting.from, meeting.to], [meeting.to, meeting.from]] as const) {
      if (level.get(near) !== (level.get(far) ?? 0) - 1) continue;
      const there = best.get(far);
      if (!there || meeting.strength > there.strength) best.set(far, { by: near, strength: meeting.strength });
    }
  }
  return new Map([...best].map(([id, { by }]) => [id, by]));
}

/** A place for each entity, the middle at 0, 0, a ring every 1. */
export function placesOf(graph: EntityGraph): Map<string, Place> {
  const by = leaders(graph);
  const behind = new Map<string, string[]>();
  for (const one of graph.entities) {
    if (one.id === graph.center) continue;
    const leader = by.get(one.id) ?? graph.center;
    behind.set(leader, [...(behind.get(leader) ?? []), one.id]);
  }
  const leaves = new Map<string, number>();
  const weigh = (id: string): number => {
    const sum = (behind.get(id) ?? []).reduce((all, next) => all + weigh(next), 0);
    leaves.set(id, Math.max(1, sum));
    return leaves.get(id)!;
  };
  weigh(graph.center);
  const level = new Map(graph.entities.map((one) => [one.id, one.level]));
  const places = new Map<string, Place>([[graph.center, { x: 0, y: 0 }]]);
  const spread = (id: string, from: number, to: number): void => {
    let at = from;
    for (const next of behind.get(id) ?? []) {
      const share = ((to - from) * leaves.get(next)!) / leaves.get(id)!;
      const angle = at + share / 2;
      const far = level.get(next) ?? 1;
      places.set(next, { x: far * Math.cos(angle), y: far * Math.sin(angle) });
      spread(next, at, at + share);
      at += share;
    }
  };
  spread(graph.center, -Math.PI / 2, (3 * Math.PI) / 2);
  return places;
}
