/** What the server says of one event. */

import type { EventShape } from "~/api/shapes";

export interface Key {
  readonly kind: string;
  readonly value: string;
}

export interface Hold {
  readonly id: string;
  readonly since: string;
  readonly by: string;
  readonly reason: string;
  readonly because?: string;
  readonly expires?: string;
  readonly in_force: boolean;
}

/** Something that was done to a record afterwards. */
export interface Remark {
  readonly entry: string;
  readonly at: string;
  readonly by?: string;
  readonly reason: string;
  readonly fields?: readonly string[];
  /** Of an amendment: what fields should read. */
  readonly set?: Readonly<Record<string, string>>;
  /** Fields it corrects too, whose values are hidden with the record. */
  readonly withheld?: readonly string[];
}

export interface Provenance {
  readonly log: string;
  readonly kind: string;
  readonly acquisition?: string;
  readonly offset?: number;
  readonly record?: number;
  readonly length: number;
  readonly media_type: string;
  readonly commitment: string;
  readonly leaf_hash: string;
  readonly source_verified?: unknown;
  readonly source_contradicted?: unknown;
  readonly source_unproven?: unknown;
}

export type Detail = Omit<EventShape, "keys" | "holds"> & {
  readonly epoch?: number;
  readonly position?: number;
  readonly clock_offset?: string;
  readonly session?: string;
  readonly trace_id?: string;
  readonly status?: string;
  readonly parser?: string;
  readonly tags?: readonly string[];
  readonly keys?: readonly Key[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly holds?: readonly Hold[];
  readonly redacted?: readonly Remark[];
  readonly amended?: readonly Remark[];
  readonly erased?: Remark | readonly Remark[];
  readonly cases?: readonly { readonly id: string; readonly name: string; readonly annotation?: string }[];
  readonly provenance: Provenance;
};

/** What the times of a quality are worth, in words. */
export const QUALITY: Readonly<Record<string, string>> = {
  exact: "as the source states it",
  assumed_zone: "the source states no zone; one was assumed",
  assumed_year: "the source states no year; one was assumed",
  missing: "the source states no usable time",
};
