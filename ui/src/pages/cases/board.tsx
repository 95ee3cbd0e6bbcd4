/** Cases by status. A card is dragged to another column, or moved by its own list of statuses, or by Shift and an arrow. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { changeCase, STATUSES, type Case, type CaseStatus } from "~/api/cases";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { count, Time } from "~/widgets/text";

export function Board(props: { cases: readonly Case[]; changed: (one: Case) => void }): JSX.Element {
  const [dragged, setDragged] = createSignal<Case>();
  const [over, setOver] = createSignal<CaseStatus>();

  async function move(one: Case, status: CaseStatus, isUndo = false): Promise<void> {
    if (one.status === status) return;
    const before = one.status;
    const hadFocus = document.activeElement?.closest("[data-case]") !== null;
    try {
      const now = await changeCase(one.id, { status }, one.revision);
      props.changed(now);
      tell(`${now.name}: ${status}.`, "good", isUndo ? undefined : () => void move(now, before, true));
      // The card was made anew in another column.
      if (hadFocus) document.querySelector<HTMLElement>(`[data-case="${now.id}"] a`)?.focus();
    } catch (error) {
      tellError(error);
    }
  }
  function keys(event: KeyboardEvent, one: Case): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !event.shiftKey || !may("cases.write")) return;
    const next = STATUSES[STATUSES.indexOf(one.status) + step];
    event.preventDefault();
    if (next) void move(one, next);
  }

  return (
    <>
      <Show when={may("cases.write")}><p class="quiet">Drag a card to another column, or hold Shift and press an arrow on it.</p></Show>
      <div class="board">
        <For each={STATUSES}>
          {(status) => {
            const here = (): readonly Case[] => props.cases.filter((one) => one.status === status);
            return (
              <section
                class="panel" classList={{ over: over() === status }} aria-label={status}
                onDragOver={(event) => { if (dragged()) { event.preventDefault(); setOver(status); } }}
                onDragLeave={() => over() === status && setOver()}
                onDrop={(event) => { event.preventDefault(); const one = dragged(); setOver(); setDragged(); if (one) void move(one, status); }}
              >
                <header><h2 class="spread">{status}</h2><span class="quiet">{count(here().length)}</span></header>
                <ul class="cards">
                  <For each={here()} fallback={<li class="faint none">None</li>}>
                    {(one) => (
                      <li
                        class="card" data-case={one.id} draggable={may("cases.write")}
                        onDragStart={() => setDragged(one)} onDragEnd={() => { setDragged(); setOver(); }} onKeyDown={(event) => keys(event, one)}
                      >
                        <A href={`/cases/${one.id}`}>{one.name}</A>
                        <span class="row tags"><For each={one.tags}>{(tag) => <span class="chip">{tag}</span>}</For></span>
                        <span class="row quiet"><span>{one.owner}</span><span class="spread" /><span>{count(one.events)} pinned</span></span>
                        <span class="row quiet">
                          <Time at={one.updated_at} precision="minute" />
                          <span class="spread" />
                          <Show when={may("cases.write")}>
                            <select class="field compact" aria-label={`Status of ${one.name}`} value={one.status} onChange={(event) => void move(one, event.currentTarget.value as CaseStatus)}>
                              <For each={STATUSES}>{(each) => <option value={each}>{each}</option>}</For>
                            </select>
                          </Show>
                        </span>
                      </li>
                    )}
                  </For>
                </ul>
              </section>
            );
          }}
        </For>
      </div>
    </>
  );
}
