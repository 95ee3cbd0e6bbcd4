/** A commit that something names, and the way to it in whichever repository here has it. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { commitPath, timelinePath } from "~/base/paths";
import { load } from "~/state/load";
import { may } from "~/state/session";

interface Holder {
  readonly id: string;
  readonly name: string;
  readonly commit: string;
}

const NAME = /^[0-9a-f]{7,64}$/;

/** Names the commit and each repository that has it; where none has, or one may not look, what else names it. */
export function Commit(props: { of: string }): JSX.Element {
  const holders = load(
    () => (may("code.read") && NAME.test(props.of) ? props.of : undefined),
    async (commit, signal) => ((await held(api.GET("/v1/code/repositories", { params: { query: { commit } }, signal }))) as unknown as { repositories: readonly Holder[] }).repositories,
  );
  return (
    <span class="row" data-commit={props.of}>
      <For each={holders.now() ?? []}>{(one) => <A href={commitPath(one.id, one.commit)} title={one.commit}><span class="mono">{one.commit.slice(0, 12)}</span> in <span class="mono">{one.name}</span></A>}</For>
      <Show when={!holders.now()?.length}><A class="mono" href={timelinePath(`key:commit=${props.of}`)} title={props.of}>{props.of.slice(0, 12)}</A></Show>
    </span>
  );
}
