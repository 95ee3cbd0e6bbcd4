/**
 * A chain as it is drawn: events that are alike and follow one another become one mark, links join marks.
 *
 * What is folded: events of one lane, type, outcome and severity with nothing else of that lane between them, each at
 * most {@link APART} after the one before, that the same key led to, or that an event of the same mark led to. A sweep
 * over a hundred objects is one step of a story; each of its events stands in the table.
 */

import type { components } from "~/api/schema";
import { SEVERITIES, type EventShape } from "~/api/shapes";
import { MINUTE, parseInstant, type Instant } from "~/base/instant";

export type Chain = components["schemas"]["Chain"];
export type ChainLink = components["schemas"]["ChainLink"];
export type LaneBy = "source" | "actor";

export const APART = 20n * MINUTE;
/** Links below this say little: what is usual, or belongs to another episode. They are drawn fainter. */
export const FAINT = 0.1;
/** Lanes drawn of their own; what lies in further ones shares the last. */
export const MOST_LANES = 14;
/** With more lanes than this, those in which everything is faint share the last one. */
const FEW_LANES = 6;
export const OTHERS = "others";

export interface Mark {
  readonly id: string;
  readonly lane: string;
  readonly events: readonly EventShape[];
  readonly start: Instant;
  readonly end: Instant;
  readonly type: string;
  readonly outcome: string;
  readonly severity: string;
  /** The strongest link to an event of it from outside; none for the seed. */
  readonly link: ChainLink | undefined;
  readonly strength: number;
  readonly isSeed: boolean;
  /** Which step of the story it is, from 1; 0 if it is linked too weakly to be one. */
  readonly step: number;
}

/** Links between the same two marks: the strongest of them, and how many there are. */
export interface Curve {
  readonly id: string;
  readonly from: Mark;
  readonly to: Mark;
  readonly link: ChainLink;
  readonly links: number;
}

export interface Drawn {
  readonly lanes: readonly string[];
  readonly marks: readonly Mark[];
  readonly curves: readonly Curve[];
  /** Marks that tell one act, told by two sources. */
  readonly same: readonly (readonly [Mark, Mark])[];
  readonly markOf: ReadonlyMap<string, Mark>;
}

export const eventsOf = (chain: Chain): EventShape[] => chain.events as unknown as EventShape[];
export const isFaint = (mark: Mark): boolean => !mark.isSeed && mark.strength < FAINT;

/** Who acted, as the event names them. */
export const actorOf = (event: EventShape): string => event.actor?.name ?? event.actor?.id ?? "nobody named";

const laneOf = (event: EventShape, by: LaneBy): string => (by === "source" ? event.source : actorOf(event));

type Building = { -readonly [K in keyof Mark]: Mark[K] } & { events: EventShape[] };

/** What is drawn of a chain. Events without a time (only a seed can be one) lie at the beginning. */
export function drawn(chain: Chain, by: LaneBy, fold: boolean): Drawn {
  const links = new Map(chain.links.map((link) => [link.to, link]));
  const lanes = lanesOf(chain, links, by);
  const last = new Map<string, Building>();
  const markOf = new Map<string, Building>();
  const marks: Building[] = [];
  for (const event of eventsOf(chain)) {
    const own = laneOf(event, by);
    const lane = lanes.includes(own) ? own : OTHERS;
    const link = links.get(event.id);
    const at = parseInstant(event.occurred_at ?? "") ?? 0n;
    const before = last.get(lane);
    if (fold && before && isAlike(before, event, link, at, chain.seed, markOf)) {
      before.events.push(event);
      before.end = at;
      if (link && link.strength > before.strength && markOf.get(link.from) !== before) {
        before.link = link;
        before.strength = link.strength;
      }
      markOf.set(event.id, before);
      continue;
    }
    const mark: Building = {
      id: event.id, lane, events: [event], start: at, end: at, type: event.event_type, outcome: event.outcome ?? "",
      severity: event.severity, link, strength: link?.strength ?? 1, isSeed: event.id === chain.seed, step: 0,
    };
    last.set(lane, mark);
    markOf.set(event.id, mark);
    marks.push(mark);
  }
  marks.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  let step = 0;
  for (const mark of marks) if (!isFaint(mark)) mark.step = ++step;
  return { lanes: usedLanes(lanes, marks), marks, curves: curvesOf(chain, markOf), same: sameOf(chain, markOf), markOf };
}

function isAlike(mark: Mark, event: EventShape, link: ChainLink | undefined, at: Instant, seed: string, markOf: ReadonlyMap<string, Mark>): boolean {
  if (mark.isSeed || event.id === seed || !link) return false;
  if (mark.type !== event.event_type || mark.outcome !== (event.outcome ?? "") || mark.severity !== event.severity) return false;
  if (at - mark.end > APART) return false;
  const led = mark.link;
  return markOf.get(link.from) === mark || (led !== undefined && led.key === link.key && led.value === link.value);
}

/** Lanes by the time of their first event; of too many, those with the strongest links have one of their own. */
function lanesOf(chain: Chain, links: ReadonlyMap<string, ChainLink>, by: LaneBy): string[] {
  const strongest = new Map<string, number>();
  for (const event of eventsOf(chain)) {
    const lane = laneOf(event, by);
    strongest.set(lane, Math.max(strongest.get(lane) ?? 0, links.get(event.id)?.strength ?? 1));
  }
  const all = [...strongest.keys()];
  if (all.length <= FEW_LANES) return all;
  const telling = [...strongest].filter(([, strength]) => strength >= FAINT).toSorted((a, b) => b[1] - a[1]);
  const kept = new Set(telling.slice(0, MOST_LANES - 1).map(([lane]) => lane));
  return [...all.filter((lane) => kept.has(lane)), OTHERS];
}

function usedLanes(lanes: readonly string[], marks: readonly Mark[]): string[] {
  const used = new Set(marks.map((mark) => mark.lane));
  return lanes.filter((lane) => used.has(lane));
}

function curvesOf(chain: Chain, markOf: ReadonlyMap<string, Mark>): Curve[] {
  const curves = new Map<string, Curve>();
  for (const link of chain.links) {
    const from = markOf.get(link.from);
    const to = markOf.get(link.to);
    if (!from || !to || from === to) continue;
    const id = `${from.id}>${to.id}`;
    const there = curves.get(id);
    const isStronger = !there || link.strength > there.link.strength;
    curves.set(id, { id, from, to, link: isStronger ? link : there.link, links: (there?.links ?? 0) + 1 });
  }
  return [...curves.values()].toSorted((a, b) => a.link.strength - b.link.strength);
}

function sameOf(chain: Chain, markOf: ReadonlyMap<string, Mark>): [Mark, Mark][] {
  const pairs = new Map<string, [Mark, Mark]>();
  for (const [one, other] of chain.same_acts) {
    const a = markOf.get(one ?? "");
    const b = markOf.get(other ?? "");
    if (a && b && a !== b) pairs.set(`${a.id}=${b.id}`, [a, b]);
  }
  return [...pairs.values()];
}

/** The marks that lead from the seed to a mark, it among them. */
export function pathTo(of: Drawn, mark: Mark): Mark[] {
  const path = [mark];
  for (let at = mark; at.link; ) {
    const before = of.markOf.get(at.link.from);
    if (!before || path.includes(before)) break;
    path.unshift(before);
    at = before;
  }
  return path;
}

/** The gravest severity of a chain's events, for the sentence above it. */
export function gravest(events: readonly EventShape[]): string {
  const ranks = events.map((event) => SEVERITIES.indexOf(event.severity as (typeof SEVERITIES)[number]));
  return SEVERITIES[Math.max(0, ...ranks)]!;
}
