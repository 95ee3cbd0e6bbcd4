/** All cases: as a list, those changed last first, or as a board by status. */

import { useNavigate, useSearchParams } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { casePages, STATUSES, type Case } from "~/api/cases";
import { offer } from "~/state/commands";
import { paged } from "~/state/paged";
import { may, who } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { Icon } from "~/widgets/icon";
import { Empty } from "~/widgets/states";
import { Board } from "./board";
import { List } from "./list";
import { NewCase } from "./new";
import "~/styles/lists.css";
import "./page.css";

interface Asked {
  readonly contains: string;
  readonly status: string;
  readonly owner: string;
}

const text = (value: string | string[] | undefined): string => (typeof value === "string" ? value : "");
const PAUSE_MS = 150;

export default function Cases(): JSX.Element {
  const [params, setParams] = useSearchParams();
  const go = useNavigate();
  const [making, setMaking] = createSignal(false);
  const isBoard = (): boolean => params["view"] === "board";
  const key = (): string => JSON.stringify([text(params["name"]), isBoard() ? "" : text(params["status"]), text(params["owner"])]);
  const cases = paged(key, (wanted, cursor, signal) => {
    const [contains, status, owner] = JSON.parse(wanted) as [string, string, string];
    return casePages({ contains, status, owner } satisfies Asked, cursor, signal);
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (view: "list" | "board"): void => setParams({ view: view === "board" ? "board" : undefined });
  offer(
    { id: "cases.view", title: "Cases: change between list and board", group: "Cases", keys: ["v"], run: () => show(isBoard() ? "list" : "board") },
    ...(may("cases.write") ? [{ id: "cases.new", title: "Make a case", group: "Cases", keys: ["n"], run: () => setMaking(true) }] : []),
  );
  const isNarrowed = (): boolean => Boolean(text(params["name"]) || text(params["status"]) || text(params["owner"]));
  const changed = (one: Case): void => cases.set((cases.value() ?? []).map((each) => (each.id === one.id ? one : each)));

  return (
    <div class="page cases">
      <header>
        <h1>Cases</h1>
        <div class="row" role="group" aria-label="How cases are shown">
          <button class="button" aria-pressed={!isBoard()} onClick={() => show("list")}>List</button>
          <button class="button" aria-pressed={isBoard()} onClick={() => show("board")}>Board</button>
        </div>
        <input
          class="field narrow" type="search" aria-label="Letters of a name" placeholder="Name contains …" maxlength="200" value={text(params["name"])}
          onInput={(event) => {
            const letters = event.currentTarget.value.trim();
            clearTimeout(timer);
            timer = setTimeout(() => setParams({ name: letters || undefined }, { replace: true }), PAUSE_MS);
          }}
        />
        <Show when={!isBoard()}>
          <select class="field narrow" aria-label="Status" value={text(params["status"])} onChange={(event) => setParams({ status: event.currentTarget.value || undefined })}>
            <option value="">Any status</option>
            <For each={STATUSES}>{(status) => <option value={status}>{status}</option>}</For>
          </select>
        </Show>
        <button class="button" aria-pressed={text(params["owner"]) !== ""} onClick={() => setParams({ owner: params["owner"] ? undefined : mine() })}>
          {text(params["owner"]) && text(params["owner"]) !== mine() ? `Of ${text(params["owner"])}` : "Mine"}
        </button>
        <span class="spread" />
        <Show when={may("cases.write")}>
          <button class="button primary" onClick={() => setMaking(true)}><Icon name="plus" />New case</button>
        </Show>
      </header>
      <Answer of={cases} what="the cases">
        {(found) => (
          <Show
            when={found().length > 0}
            fallback={
              <Show when={isNarrowed()} fallback={<Empty title="There is no case yet">A case holds what belongs to an investigation: pinned events with proof, notes, hypotheses, tasks.</Empty>}>
                <Empty title="No case is like that">
                  <button class="button" onClick={() => setParams({ name: undefined, status: undefined, owner: undefined })}>Show all cases</button>
                </Empty>
              </Show>
            }
          >
            <Show when={isBoard()} fallback={<List cases={found()} />}><Board cases={found()} changed={changed} /></Show>
            <More of={cases} />
          </Show>
        )}
      </Answer>
      <Show when={making()}><NewCase close={() => setMaking(false)} made={(one) => go(`/cases/${one.id}`)} /></Show>
    </div>
  );
}

/** The name that acts of whoever is signed in stand under; cases have it as their owner. */
const mine = (): string => who()?.name ?? "";
