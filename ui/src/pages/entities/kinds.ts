/** The kinds of entities, as the server names them, with what a person calls several of them. */

import type { components } from "~/api/schema";

export type Entity = components["schemas"]["Entity"];
export type EntityRow = components["schemas"]["EntityRow"];
export type EntityGraph = components["schemas"]["EntityGraph"];

export const KINDS = ["identity", "session", "token", "ip", "device", "host", "hash", "commit", "custom"] as const;

const MANY: Record<string, string> = {
  identity: "Identities", session: "Sessions", token: "Tokens", ip: "Addresses", device: "Devices", host: "Hosts", hash: "Hashes", commit: "Commits", custom: "Custom keys",
};

export const manyOf = (kind: string): string => MANY[kind] ?? kind;
