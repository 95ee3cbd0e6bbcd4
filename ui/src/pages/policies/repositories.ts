/** The repositories that are kept here: their names are what policies and decisions speak of, their ids what pages do. */

import { api, held } from "~/api/client";
import { load, type Loaded } from "~/state/load";
import { may } from "~/state/session";

export interface Repository {
  readonly id: string;
  readonly name: string;
}

/** Those there are; nothing for whoever may not read code. */
export function repositories(): Loaded<readonly Repository[]> {
  return load(
    () => (may("code.read") ? true : undefined),
    async (_, signal) => ((await held(api.GET("/v1/code/repositories", { signal }))) as unknown as { repositories: readonly Repository[] }).repositories,
  );
}

export const idOf = (all: readonly Repository[] | undefined, name: string): string | undefined => all?.find((one) => one.name === name)?.id;
