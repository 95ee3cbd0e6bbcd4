/** Whose the lines are that commits added: as a share, over time, and by repository and author. */

import { A } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { eventPath } from "~/base/paths";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { shareText } from "~/widgets/figures";
import { Table } from "~/widgets/table";
import { count } from "~/widgets/text";
import { Bars, Legend, Split } from "./chart";
import { CLASSES, filled, stepIn, type Filters, type LineRow, type LineStats, type Step } from "./figures";

const parts = (of: Pick<LineRow, "classes">): number[] => CLASSES.map((one) => of.classes[one.name] ?? 0);

const ask = (by: string) => (filters: Filters, signal: AbortSignal): Promise<LineStats> => held(api.GET("/v1/agents/lines", { params: { query: { ...filters, by } }, signal }));

export function Lines(props: { filters: Filters; step: Step }): JSX.Element {
  const overall = load(() => props.filters, ask("repository"));
  const authors = load(() => props.filters, ask("author"));
  const time = load(() => ({ filters: props.filters, step: props.step }), ({ filters, step }, signal) => ask(step)(filters, signal));
  return (
    <section class="stack" aria-labelledby="lines">
      <h2 id="lines">Lines of commits</h2>
      <Answer of={overall} what="whose the lines are">
        {(found) => (
          <Show when={found().total.commits} fallback={<p class="quiet">No commit is here that fits. Bring a repository with <code>vestige code push</code>; its commits are sealed by themselves, or with <code>vestige agent seal</code>.</p>}>
            <Whole of={found()} />
            <div class="analytics-pair">
              <Show when={time.value()}>
                {(rows) => <Bars label={`Lines by ${stepIn(rows())}, by whose they are`} series={CLASSES} bars={filled(rows().rows, stepIn(rows())).map(({ name, row }) => ({ name, parts: row ? parts(row) : [0, 0, 0, 0] }))} />}
              </Show>
              <div class="stack">
                <LineTable title="Lines by repository" by="repository" rows={found().rows} />
                <Show when={authors.value()}>{(rows) => <LineTable title="Lines by author" by="author" rows={rows().rows} />}</Show>
              </div>
            </div>
          </Show>
        )}
      </Answer>
    </section>
  );
}

function Whole(props: { of: LineStats }): JSX.Element {
  const all = (): LineStats["total"] => props.of.total;
  return (
    <div class="stack tight">
      <p>
        <strong>{shareText(all().ai_share)}</strong> of {count(all().lines)} lines are agents'; {count(all().classes["unknown"] ?? 0)} nobody knows whose. <span class="quiet">{count(all().commits)} commits{all().unsealed ? `, of which ${count(all().unsealed)} are not sealed yet and not counted` : ""}; how it is known: {Object.entries(all().grades).map(([grade, lines]) => `${grade} ${count(lines)}`).join(", ") || "nothing is"}.</span>
      </p>
      <Split label="Lines" series={CLASSES} parts={parts(all())} />
      <Legend of={CLASSES} />
    </div>
  );
}

function LineTable(props: { title: string; by: "repository" | "author"; rows: readonly LineRow[] }): JSX.Element {
  return (
    <section class="panel">
      <header><h2>{props.title}</h2></header>
      <Table
        label={props.title} each={props.rows.toSorted((a, b) => b.lines - a.lines)} frame="bare analytics-rows"
        head={<><th>Of</th><th class="num">Commits</th><th class="num">Lines</th><th class="num">Agents'</th><th class="num">Unknown</th><th>Behind it</th></>}
      >
        {(row) => (
          <tr>
            <td><Show when={row[props.by]} fallback={<span class="faint">unknown</span>}><span class="mono">{row[props.by]}</span></Show></td>
            <td class="num">{count(row.commits)}</td>
            <td class="num">{count(row.lines)}</td>
            <td class="num" title={Object.entries(row.added).map(([name, lines]) => `${name} ${count(lines)}`).join(", ")}>{shareText(row.ai_share)}</td>
            <td class="num">{count(row.classes["unknown"] ?? 0)}</td>
            <td>
              <Show when={row.seals[0]} fallback={<span class="faint">no seal yet</span>}>
                {(one) => <><A class="mono" href={`/agents/commits/${one().repository}/${one().commit}`}>{one().commit.slice(0, 10)}</A> <A href={eventPath(one().seal)}>seal</A></>}
              </Show>
            </td>
          </tr>
        )}
      </Table>
    </section>
  );
}
