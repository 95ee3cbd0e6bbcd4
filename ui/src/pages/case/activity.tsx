/** What was done to the case, by whom and when: each an entry of the ledger, the newest first. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { paged } from "~/state/paged";
import { Answer, More } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { Digest, Time } from "~/widgets/text";
import { detailsOf, wordsOf } from "./acts";
import { useCase } from "./context";

export default function Activity(): JSX.Element {
  const { one } = useCase();
  const acts = paged(() => one().id, async (id, cursor, signal) => {
    const query = { limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await held(api.GET("/v1/cases/{case}/activity", { params: { path: { case: id }, query }, signal }));
    return { items: page.acts, next: page.next_cursor };
  });
  return (
    <>
      <div class="row">
        <p class="quiet spread">Who and when come from who was signed in and from the ledger's clock. What was taken away, and what was said before, is here still.</p>
        <button class="button" disabled={acts.busy()} onClick={() => void acts.again()}>Read again</button>
      </div>
      <Answer of={acts} what="what was done">
        {(found) => (
          <Table
            label="What was done, the newest first" each={found()}
            head={<><th scope="col">When</th><th scope="col">By</th><th scope="col">What</th><th scope="col" class="number">Entry</th><th scope="col">Leaf hash</th></>}
          >
            {(act) => (
              <tr>
                <td class="nowrap"><Time at={act.at} precision="second" /></td>
                <td class="nowrap">{act.by}</td>
                <td>
                  <Show when={!act.erased} fallback={<span class="quiet">erased: what this entry said is gone, that it was made is not</span>}>
                    <Show when={detailsOf(act).length} fallback={wordsOf(act)}>
                      <details>
                        <summary>{wordsOf(act)}</summary>
                        <dl class="facts"><For each={detailsOf(act)}>{(one) => <><dt>{one.name}</dt><dd class="mono prose">{one.text}</dd></>}</For></dl>
                      </details>
                    </Show>
                  </Show>
                </td>
                <td class="number"><A href={`/events/${act.id}`} class="mono">{act.seq}</A></td>
                <td><Digest of={act.leaf_hash} letters={12} /></td>
              </tr>
            )}
          </Table>
        )}
      </Answer>
      <More of={acts} />
    </>
  );
}
