/** Every place of the interface: its address, its name, and the page that is loaded when somebody goes there. */

import { Navigate, type RouteDefinition } from "@solidjs/router";
import { lazy, type Component } from "solid-js";
import type { IconName } from "~/widgets/icon";

export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly group: "Investigate" | "Evidence" | "Agents" | "Tenant";
  /** Without one of these it is not offered; who goes there anyway is told why. */
  readonly needs?: readonly string[];
  readonly keys?: string;
}

/** Places of the navigation, in its order. `g` and then a letter goes there. */
export const PLACES: readonly Place[] = [
  { path: "/timeline", name: "Timeline", icon: "timeline", group: "Investigate" },
  { path: "/entities", name: "Entities", icon: "entities", group: "Investigate", needs: ["evidence.read"] },
  { path: "/detections", name: "Detections", icon: "detections", group: "Investigate", needs: ["evidence.read"] },
  { path: "/replay", name: "Replay", icon: "replay", group: "Investigate", needs: ["evidence.read", "evidence.read_own"] },
  { path: "/cases", name: "Cases", icon: "cases", group: "Investigate", needs: ["cases.read"] },
  { path: "/sources", name: "Sources", icon: "sources", group: "Evidence" },
  { path: "/integrity", name: "Integrity", icon: "integrity", group: "Evidence" },
  { path: "/compliance", name: "Compliance", icon: "compliance", group: "Evidence", needs: ["status.read"] },
  { path: "/verify", name: "Verify a bundle", icon: "verify", group: "Evidence" },
  { path: "/agents/sessions", name: "Sessions", icon: "sessions", group: "Agents" },
  { path: "/agents/commits", name: "Commits", icon: "commits", group: "Agents", needs: ["code.read"] },
  { path: "/agents/policies", name: "Policies", icon: "policies", group: "Agents", needs: ["policies.read"] },
  { path: "/agents/analytics", name: "Analytics", icon: "analytics", group: "Agents", needs: ["evidence.read"] },
  { path: "/agents/code", name: "Code", icon: "code", group: "Agents", needs: ["code.read"] },
  { path: "/settings", name: "Settings", icon: "settings", group: "Tenant" },
];

const page = (load: () => Promise<{ default: Component }>): Component => lazy(load);
const timeline = page(() => import("~/pages/timeline/page"));

export const ROUTES: RouteDefinition[] = [
  { path: "/", component: () => <Navigate href={({ location }) => `/timeline${location.search}`} /> },
  { path: "/timeline", component: timeline },
  { path: "/events/:id", component: page(() => import("~/pages/event/page")) },
  { path: "/verify", component: page(() => import("~/pages/verify/page")) },
  { path: "/detections", component: page(() => import("~/pages/detections/page")) },
  { path: "/replay", component: page(() => import("~/pages/replay/page")) },
  { path: "/entities", component: page(() => import("~/pages/entities/page")) },
  { path: "/entities/:id", component: page(() => import("~/pages/entities/one")) },
  { path: "/chains/:id", component: page(() => import("~/pages/chains/page")) },
  { path: ["/agents/code", "/agents/commits"], component: page(() => import("~/pages/code/page")) },
  { path: "/agents/code/:repository", component: page(() => import("~/pages/code/browse")) },
  { path: "/agents/commits/:repository", component: page(() => import("~/pages/code/commits")) },
  { path: "/agents/commits/:repository/:oid", component: page(() => import("~/pages/code/commit")) },
  { path: "/agents/sessions", component: page(() => import("~/pages/sessions/page")) },
  { path: "/agents/sessions/:id", component: page(() => import("~/pages/sessions/one")) },
  { path: "/agents/stories", component: page(() => import("~/pages/stories/page")) },
  { path: ["/agents/analytics", "/analytics"], component: page(() => import("~/pages/analytics/page")) },
  { path: "/agents/policies", component: page(() => import("~/pages/policies/page")) },
  { path: "/agents/policies/:policy", component: page(() => import("~/pages/policies/one")) },
  { path: "/agents/decisions/:decision", component: page(() => import("~/pages/policies/decision")) },
  { path: "/compliance", component: page(() => import("~/pages/compliance/page")) },
  { path: "/integrity", component: page(() => import("~/pages/integrity/page")) },
  { path: "/settings", component: page(() => import("~/pages/settings/page")) },
  { path: "/join", component: page(() => import("~/pages/join/page")) },
  { path: "/sources", component: page(() => import("~/pages/sources/page")) },
  { path: "/cases", component: page(() => import("~/pages/cases/page")) },
  { path: "/cases/:case", component: page(() => import("~/pages/case/page")) },
  { path: "*", component: page(() => import("~/pages/unknown/page")) },
];
