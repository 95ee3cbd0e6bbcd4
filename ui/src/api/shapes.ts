/** Shapes of answers that several pages share. Those of one page stand beside it. */

import type { components } from "./schema";

export type EventShape = components["schemas"]["Event"] & {
  readonly occurred_at?: string;
  readonly observed_at?: string;
  readonly time_quality?: string;
  readonly time_text?: string;
  readonly outcome?: string;
  readonly action?: string;
  readonly actor?: Party;
  readonly subject?: Party;
  readonly object?: Party;
  readonly device?: Party & { readonly hostname?: string };
  readonly network?: { readonly src_ip?: string; readonly dst_ip?: string; readonly src_port?: number; readonly dst_port?: number };
  readonly held?: unknown;
};

export interface Party {
  readonly id?: string;
  readonly name?: string;
  readonly type?: string;
}

export const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Who is signed in here. */
export interface Who {
  readonly name: string;
  readonly tenant: string;
  readonly permissions: readonly string[];
  readonly csrf?: string;
  readonly email?: string;
  readonly role?: string;
  readonly demonstration?: boolean;
  readonly version?: string;
}
