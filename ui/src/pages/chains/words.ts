/** Chains in words: what a mark is called, why something was left out. */

import { count } from "~/widgets/text";
import { actorOf, type Chain, type ChainLink, type LaneBy, type Mark } from "./marks";

const LONGEST = 26;

/** The beginning of a text that is too long for its place. */
export const shortened = (text: string, most = LONGEST): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** What was done: type, that it failed where the type does not say so, how often. */
export function titleOf(mark: Mark): string {
  const failed = mark.outcome === "failure" && !/fail|denied|refus/.test(mark.type) ? " failed" : "";
  return `${mark.type}${failed}${mark.events.length > 1 ? ` ×${count(mark.events.length)}` : ""}`;
}

/** Who did it, or how many. */
export function whoOf(mark: Mark): string {
  const who = new Set(mark.events.map(actorOf));
  return who.size === 1 ? [...who][0]! : `${who.size} actors`;
}

export function labelOf(mark: Mark, by: LaneBy): readonly [string, string] {
  const sources = new Set(mark.events.map((event) => event.source));
  return [titleOf(mark), shortened(by === "source" ? whoOf(mark) : [...sources].join(", "))];
}

/** `same ip 203.0.113.77`: what two events have in common. */
export const sharedBy = (link: ChainLink): string => `same ${link.key} ${link.value}`;

const WHY: Record<Chain["left_out"][number]["why"], string> = {
  common: "more events of the window have it than are followed of any key",
  far: "beyond the 200 events nearest to the seed",
  routine: "linked too weakly: usual for those who took part",
  apart: "linked too weakly: the key was silent for long in between",
  weak: "linked too weakly",
  cap: "the chain was full",
};

/** How many events of a key were not taken, as far as they were counted. */
export const howMany = (one: Chain["left_out"][number]): string => (one.events ? `${one.at_least ? "at least " : ""}${count(one.events)}` : "not counted");

export const whyLeftOut = (why: Chain["left_out"][number]["why"]): string => WHY[why];
