/** The drawing of a graph, by sigma: entities as discs by kind, meetings as lines by strength. */

import { UndirectedGraph } from "graphology";
import { Sigma } from "sigma";
import type { EntityGraph } from "./kinds";
import { leaders, placesOf } from "./places";

interface NodeLook {
  x: number;
  y: number;
  size: number;
  label: string;
  color: string;
}

export interface Colours {
  readonly kinds: Readonly<Record<string, string>>;
  readonly line: string;
  /** Of the meetings that lead outward. */
  readonly lead: string;
  readonly faint: string;
  readonly ink: string;
  readonly accent: string;
  readonly font: string;
}

export interface Stage {
  /** Show what is pointed at or chosen and what it met; everything again if nothing is. */
  readonly light: (id: string | undefined) => void;
  readonly end: () => void;
}

/** Pictures are broader than they are high. */
const BROAD = 1.4;
const LONGEST = 34;
const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/**
 * @param choose called with the id of the entity that was clicked; none beside all.
 * @throws Error the browser draws no WebGL.
 */
export function draw(into: HTMLElement, graph: EntityGraph, colours: Colours, choose: (id: string | undefined) => void): Stage {
  const drawn = new UndirectedGraph<NodeLook>();
  const places = placesOf(graph);
  const by = leaders(graph);
  for (const one of graph.entities) {
    drawn.addNode(one.id, {
      x: places.get(one.id)!.x * BROAD, y: places.get(one.id)!.y, label: shortened(`${one.kind} ${one.value}`), color: colours.kinds[one.kind] ?? colours.ink,
      size: one.id === graph.center ? 12 : 4 + Math.min(6, 1.5 * Math.log10(1 + one.events)),
    });
  }
  for (const one of graph.relationships) {
    if (!drawn.hasEdge(one.from, one.to)) {
      const leads = by.get(one.to) === one.from || by.get(one.from) === one.to;
      drawn.addEdge(one.from, one.to, { size: leads ? 1 + 3 * one.strength : 0.5, color: leads ? colours.lead : colours.line, zIndex: leads ? 1 : 0 });
    }
  }
  let lit: string | undefined;
  let near = new Set<string>();
  const sigma = new Sigma(drawn, into, {
    allowInvalidContainer: true, labelColor: { color: colours.ink }, labelSize: 11, labelFont: colours.font, labelRenderedSizeThreshold: 6,
    labelDensity: 0.8, labelGridCellSize: 90, zIndex: true, minCameraRatio: 0.1, maxCameraRatio: 3, stagePadding: 50,
    defaultDrawNodeHover: (context, node, settings) => {
      // The name on a ground of its own, in the theme's colours.
      const width = context.measureText(node.label ?? "").width;
      context.font = `${settings.labelSize}px ${settings.labelFont}`;
      context.fillStyle = colours.faint;
      context.fillRect(node.x + node.size + 1, node.y - 9, width + 8, 18);
      context.fillStyle = colours.ink;
      context.fillText(node.label ?? "", node.x + node.size + 4, node.y + 4);
    },
    nodeReducer: (id, look) => {
      if (lit === undefined || id === lit || near.has(id)) return { ...look, highlighted: id === lit, forceLabel: lit !== undefined || id === graph.center, zIndex: 1 };
      return { ...look, color: colours.faint, label: null, zIndex: 0 };
    },
    edgeReducer: (id, look) => {
      if (lit === undefined) return look;
      return drawn.hasExtremity(id, lit) ? { ...look, color: colours.accent, zIndex: 1 } : { ...look, hidden: true };
    },
  });
  function light(id: string | undefined): void {
    lit = id !== undefined && drawn.hasNode(id) ? id : undefined;
    near = new Set(lit === undefined ? [] : drawn.neighbors(lit));
    sigma.refresh({ skipIndexation: true });
  }
  let chosen: string | undefined;
  sigma.on("enterNode", ({ node }) => light(node));
  sigma.on("leaveNode", () => light(chosen));
  sigma.on("clickNode", ({ node }) => choose(node));
  sigma.on("clickStage", () => choose(undefined));
  return {
    light: (id) => {
      chosen = id;
      light(id);
    },
    end: () => sigma.kill(),
  };
}
