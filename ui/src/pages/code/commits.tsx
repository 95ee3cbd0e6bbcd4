/** The commits of a repository, the newest first, by their own dates; with a path, those that changed it. */

import { A, useParams, useSearchParams } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { paged } from "~/state/paged";
import { Answer, More } from "~/widgets/answer";
import { Empty } from "~/widgets/states";
import { count, Time } from "~/widgets/text";
import { Head } from "./head";
import { commitsOf } from "./shapes";
import "./code.css";

interface Asked {
  [name: string]: string;
  rev: string; path: string;
}

export default function Commits(): JSX.Element {
  const params = useParams<{ repository: string }>();
  const [asked, ask] = useSearchParams<Asked>();
  const where = createMemo(() => ({ repository: params.repository, rev: asked.rev ?? "", path: asked.path ?? "" }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const list = paged(where, async (what, cursor, signal) => {
    const found = await commitsOf(what, cursor, signal);
    return { items: found.commits, next: found.next_cursor };
  });
  return (
    <div class="page code-page">
      <Head repository={params.repository} rev={asked.rev ?? ""} on="commits" choose={(next) => ask({ rev: next || undefined })} />
      <Show when={asked.path}><p class="row">Those that changed <code>{asked.path}</code> <button class="button compact" onClick={() => ask({ path: undefined })}>All commits</button></p></Show>
      <Answer of={list} what="the commits" isFresh>
        {(rows) => (
          <Show when={rows().length} fallback={<Empty title="No commit">None changed that path.</Empty>}>
            <div class="table" tabindex="0" role="region" aria-label="Commits">
              <table>
                <thead><tr><th>Commit</th><th>Subject</th><th>Author</th><th>Written</th><th class="number">Files</th><th class="number">Added</th><th class="number">Removed</th></tr></thead>
                <tbody>
                  <For each={rows()}>
                    {(one) => (
                      <tr>
                        <td class="mono"><A href={`/agents/commits/${params.repository}/${one.oid}`}>{one.oid.slice(0, 12)}</A></td>
                        <td>{one.subject || <span class="faint">without a message</span>}<Show when={one.parents.length > 1}> <span class="chip">merge</span></Show></td>
                        <td title={one.author.mail}>{one.author.name}</td>
                        <td class="nowrap"><Show when={one.author.at} fallback={<span class="faint">undated</span>}><Time at={one.author.at} precision="second" /></Show></td>
                        <td class="number">{count(one.files)}</td>
                        <td class="number code-plus">+{count(one.added)}</td>
                        <td class="number code-minus">−{count(one.removed)}</td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </div>
            <More of={list} words="Older commits" />
          </Show>
        )}
      </Answer>
    </div>
  );
}
