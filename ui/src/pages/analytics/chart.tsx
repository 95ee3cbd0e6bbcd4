/** Bars over time, and a share in parts: drawings that a table beside them says in numbers. */

import { For, Show, type JSX } from "solid-js";
import { count } from "~/widgets/text";
import { ceiling, short, type Bar, type Series } from "./figures";

const WIDE = 760;
const HIGH = 220;
const LEFT = 52;
const BELOW = 22;
const ABOVE = 8;
const GAP = 0.2;
const sum = (parts: readonly number[]): number => parts.reduce((a, b) => a + b, 0);

interface BarsProps {
  /** What is drawn, in words: "Tokens by week". */
  readonly label: string;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
  /** Of an amount: its unit before it. */
  readonly unit?: string;
}

export function Bars(props: BarsProps): JSX.Element {
  const sums = (): number[] => props.bars.map((bar) => sum(bar.parts));
  const top = (): number => ceiling(Math.max(0, ...sums()));
  const bottom = (): number => (Math.min(0, ...sums()) < 0 ? -ceiling(-Math.min(0, ...sums())) : 0);
  const y = (value: number): number => ABOVE + ((top() - value) / (top() - bottom())) * (HIGH - ABOVE - BELOW);
  const step = (): number => (WIDE - LEFT) / Math.max(1, props.bars.length);
  const ticks = (): number[] => [...new Set([bottom(), 0, top() / 2, top()])];
  const dates = (): number[] => [...new Set([0, Math.floor((props.bars.length - 1) / 2), props.bars.length - 1])].filter((at) => at in props.bars);
  /** Each part with where it begins: parts of one bar stand on each other. */
  const stacked = (bar: Bar): { from: number; part: number; of: Series }[] => {
    let from = 0;
    return props.series.map((of, at) => {
      const part = bar.parts[at] ?? 0;
      from += part;
      return { from: from - part, part, of };
    });
  };
  const said = (bar: Bar): string => `${bar.name}: ${bar.parts.map((part, at) => `${props.unit ?? ""}${count(part)} ${props.series[at]!.words}`).join(", ")}${bar.isPart ? "; some of it has no price" : ""}`;
  const anchor = (at: number): "start" | "middle" | "end" => (at === 0 ? "start" : at === props.bars.length - 1 ? "end" : "middle");
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={`${props.label}; the table beside it has the numbers`}>
        <For each={ticks()}>
          {(tick) => (
            <>
              <line class="chart-line" x1={LEFT} x2={WIDE} y1={y(tick)} y2={y(tick)} />
              <text class="chart-word" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">{tick < 0 ? "−" : ""}{props.unit}{short(Math.abs(tick))}</text>
            </>
          )}
        </For>
        <For each={props.bars}>
          {(bar, at) => (
            <g class="chart-bar" classList={{ part: bar.isPart ?? false }}>
              <title>{said(bar)}</title>
              <rect class="chart-whole" x={LEFT + at() * step()} y={ABOVE} width={step()} height={HIGH - ABOVE - BELOW} />
              <For each={stacked(bar)}>
                {(one) => <rect class={`series-${one.of.name}`} x={LEFT + (at() + GAP / 2) * step()} y={Math.min(y(one.from), y(one.from + one.part))} width={step() * (1 - GAP)} height={Math.abs(y(one.from) - y(one.from + one.part))} />}
              </For>
            </g>
          )}
        </For>
        <For each={dates()}>{(at) => <text class="chart-word" x={LEFT + (at + (at === 0 ? 0 : at === props.bars.length - 1 ? 1 : 0.5)) * step()} y={HIGH - 6} text-anchor={anchor(at)}>{props.bars[at]!.name}</text>}</For>
      </svg>
      <Show when={props.series.length > 1}><Legend of={props.series} /></Show>
    </figure>
  );
}

export function Legend(props: { of: readonly Series[] }): JSX.Element {
  return <figcaption class="legend"><For each={props.of}>{(one) => <span class={`key series-${one.name}`}>{one.words}</span>}</For></figcaption>;
}

/** Parts of a whole in one line. */
export function Split(props: { label: string; series: readonly Series[]; parts: readonly number[] }): JSX.Element {
  const all = (): number => sum(props.parts);
  const from = (at: number): number => (all() ? (sum(props.parts.slice(0, at)) / all()) * 100 : 0);
  return (
    <svg class="split" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={`${props.label}: ${props.series.map((one, at) => `${count(props.parts[at] ?? 0)} ${one.words}`).join(", ")}`}>
      <rect class="chart-empty" x="0" y="0" width="100" height="6" />
      <For each={props.series}>{(one, at) => <rect class={`series-${one.name}`} x={from(at())} y="0" width={all() ? ((props.parts[at()] ?? 0) / all()) * 100 : 0} height="6" />}</For>
    </svg>
  );
}
