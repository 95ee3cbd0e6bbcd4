/** Tables of sums: of sessions with their tokens, and of calls. Each row leads to what is behind it. */

import { A } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { eventPath } from "~/base/paths";
import { allTokens, costText, dollars, shareText } from "~/widgets/figures";
import { Table } from "~/widgets/table";
import { count } from "~/widgets/text";
import { Split } from "./chart";
import { behind, greatest, kinds, TOKENS, type Filters, type Row } from "./figures";

interface SumsProps {
  readonly title: string;
  readonly by: keyof Row;
  readonly rows: readonly Row[];
  readonly left: number;
  readonly filters: Filters;
}

const Unknown = (): JSX.Element => <span class="faint">unknown</span>;
const Name = (props: { of: string }): JSX.Element => <Show when={props.of} fallback={<Unknown />}><span class="mono">{props.of}</span></Show>;

function Sessions(props: { of: Row; by: keyof Row; filters: Filters }): JSX.Element {
  return <A href={behind(props.of, props.by, props.filters)} title={`What is behind it: ${props.of.query.slice(0, 200)}`}>{count(props.of.sessions)}<span class="visually-hidden"> sessions of {String(props.of[props.by] || "unknown")}</span></A>;
}

export function SumTable(props: SumsProps & { inTime?: boolean }): JSX.Element {
  const rows = (): Row[] => (props.inTime ? props.rows.toReversed() : greatest(props.rows));
  return (
    <section class="panel">
      <header><h2>{props.title}</h2><Left of={props.left} /></header>
      <Table
        label={props.title} each={rows()} frame="bare analytics-rows"
        fallback={<tr><td colspan="7" class="quiet">None.</td></tr>}
        head={<><th>{props.title.replace(/^By ./, (begin) => begin.slice(3).toUpperCase())}</th><th class="num">Sessions</th><th class="num">Calls</th><th class="num">Denied</th><th class="num">Tokens</th><th class="num">Cost</th><th class="num" title="By caches, in US dollars">Saved</th></>}
      >
        {(row) => (
          <tr>
            <td><Name of={String(row[props.by] ?? "")} /><Show when={!props.inTime && row.tokens}>{(tokens) => <Split label="Tokens" series={TOKENS} parts={kinds(tokens())} />}</Show></td>
            <td class="num"><Sessions of={row} by={props.by} filters={props.filters} /></td>
            <td class="num">{count(row.tool_calls)}</td>
            <td class="num">{count(row.denials)}</td>
            <td class="num" title={tokensTitle(row)}><Show when={row.tokens?.answers} fallback={<Unknown />}>{count(allTokens(row.tokens!))}</Show></td>
            <td class="num" title={(row.cost?.unpriced ?? []).map((one) => one.reason).join("; ")}>{row.cost ? costText(row.cost) : <Unknown />}</td>
            <td class="num">{row.cache?.net_usd ? dollars(row.cache.net_usd) : <Unknown />}</td>
          </tr>
        )}
      </Table>
    </section>
  );
}

const tokensTitle = (row: Row): string => kinds(row.tokens ?? undefined).map((part, at) => `${count(part)} ${TOKENS[at]!.words}`).join(", ");

export function CallTable(props: SumsProps & { empty: string }): JSX.Element {
  return (
    <section class="panel">
      <header><h2>{props.title}</h2><Left of={props.left} /></header>
      <Table
        label={props.title} each={greatest(props.rows)} frame="bare analytics-rows"
        fallback={<tr><td colspan="6" class="quiet">{props.empty}</td></tr>}
        head={<><th>Name</th><th class="num">Calls</th><th class="num">Denied</th><th class="num">Failed</th><th class="num">Sessions</th><th>The last</th></>}
      >
        {(row) => (
          <tr>
            <td><Name of={String(row[props.by] ?? "")} /></td>
            <td class="num">{count(row.tool_calls)}</td>
            <td class="num">{count(row.denials)}</td>
            <td class="num">{count(row.errors)}</td>
            <td class="num"><Sessions of={row} by={props.by} filters={props.filters} /></td>
            <td><Show when={row.evidence?.[0]}>{(id) => <A href={eventPath(id())} title={`A call of ${String(row[props.by])}`}>event</A>}</Show></td>
          </tr>
        )}
      </Table>
    </section>
  );
}

function Left(props: { of: number }): JSX.Element {
  return <Show when={props.of}><span class="quiet">{count(props.of)} more with less in them</span></Show>;
}

export function CoverageTable(props: SumsProps): JSX.Element {
  return (
    <section class="panel">
      <header><h2>{props.title}</h2><span class="quiet">of the calls of sessions that several told of, those that all told</span></header>
      <Table
        label={props.title} each={greatest(props.rows)} frame="bare analytics-rows"
        fallback={<tr><td colspan="6" class="quiet">None.</td></tr>}
        head={<><th>Witnesses</th><th class="num">Sessions</th><th class="num">Complete</th><th class="num">Calls</th><th class="num">Told by all</th><th class="num">Holes</th></>}
      >
        {(row) => (
          <tr>
            <td><Name of={row.witnesses ?? ""} /></td>
            <td class="num"><Sessions of={row} by={props.by} filters={props.filters} /></td>
            <td class="num">{count(row.coverage?.complete ?? 0)}</td>
            <td class="num">{count(row.coverage?.calls ?? 0)}</td>
            <td class="num">{shareText(row.coverage?.share ?? null)}</td>
            <td class="num">{count(row.coverage?.holes ?? 0)}</td>
          </tr>
        )}
      </Table>
    </section>
  );
}
