/** What the tenant's custody asks for: whether two persons agree to what cannot be undone, and how long a proposal waits. */

import { A } from "@solidjs/router";
import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may, who } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";

interface Rule { readonly two_persons: boolean; readonly hours: number; readonly sealed: boolean }

export function TenantTab(): JSX.Element {
  const rule = load(() => true, () => held(api.GET("/v1/custody")));
  const [wanted, setWanted] = createSignal<Rule>();
  function ask(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setWanted({ two_persons: form.get("two") !== null, hours: Number(form.get("hours")), sealed: form.get("sealed") !== null });
  }
  const put = (propose: boolean) => api.PUT("/v1/custody", { body: { ...wanted()!, propose } });
  return (
    <Answer of={rule} what="what the tenant asks for">
      {(now) => (
        <section class="panel narrow">
          <header><h2>Custody of {who()?.tenant}</h2></header>
          <Show
            when={may("tenant.manage")}
            fallback={
              <dl class="facts body">
                <dt>Two persons</dt><dd>{now().two_persons ? "one proposes, another approves" : "not asked for"}</dd>
                <dt>A proposal waits</dt><dd>{now().hours} hours</dd>
                <dt>Payloads</dt><dd>{now().sealed ? "sealed under keys of their own" : "not sealed"}</dd>
                <dt>Changing it</dt><dd class="quiet">is an owner's</dd>
              </dl>
            }
          >
            <form class="body stack" onSubmit={ask}>
              <label class="check-label"><input type="checkbox" name="two" checked={now().two_persons} />Two persons: erasures, redactions, releases of holds, shorter retention and purges are proposed by one and approved by another</label>
              <label><span class="label">Hours a proposal waits</span><input class="field hours" name="hours" type="number" min="1" max="2160" required value={now().hours} /></label>
              <label class="check-label"><input type="checkbox" name="sealed" checked={now().sealed} />Payloads lie sealed, under keys that are kept apart from them, from now on</label>
              <div class="row"><button class="button primary">Change …</button><A class="button" href="/integrity?tab=holds">What is proposed</A></div>
            </form>
          </Show>
          <Show when={wanted()}>
            {(next) => (
              <Confirm
                title="Change what custody asks for" verb="Change it" close={() => setWanted()}
                act={async () => { await put(false); tell("Custody asks for that from now on.", "good"); await rule.again(); }}
                propose={async () => { await put(true); tell("Proposed: another person approves it.", "good"); }}
              >
                <p>{next().two_persons ? `One proposes and another approves, within ${next().hours} hours.` : "One person does alone what cannot be undone."} {next().sealed ? "New payloads are sealed." : "New payloads are not sealed."} It is an entry of the audit trail.</p>
              </Confirm>
            )}
          </Show>
        </section>
      )}
    </Answer>
  );
}
