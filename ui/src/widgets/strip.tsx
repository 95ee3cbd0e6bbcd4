/**
 * A density strip: how many events of a query fall into each stretch of time, in one line over the whole of it.
 *
 * It may have a cursor (where a replay is), and be asked where one wants to be: by pointer, or by arrow keys, each a
 * fiftieth of the strip. Bars grow with the logarithm of their count, or the one burst of a day would hide all else.
 */

import { createEffect, createMemo, createSignal, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import { raw } from "~/api/client";
import { readDensity, type Density } from "~/base/density";
import { showInstant, toText, type Instant } from "~/base/instant";
import { Scale, ticks } from "~/base/scale";
import { width, type Span } from "~/base/span";
import { AXIS, drawAxis, drawGrid } from "~/canvas/axis";
import { readPalette } from "~/canvas/palette";
import { load } from "~/state/load";
import { shown, zone } from "~/state/preferences";
import { count } from "./text";
import "./strip.css";

const TALL = 76;
const STEPS = 50n;
const BUCKETS = 600;

export interface StripProps {
  readonly query: string;
  /** What is shown of it; all of it if left out. */
  readonly span?: Span | undefined;
  readonly cursor?: Instant | undefined;
  /** Called with the instant that was pointed at. */
  readonly pick?: (at: Instant) => void;
  /** Called with what came, so that others need not ask for it again. */
  readonly came?: (density: Density) => void;
  /** What the strip is of, for whoever does not see it. */
  readonly label: string;
}

export function DensityStrip(props: StripProps): JSX.Element {
  let canvas!: HTMLCanvasElement;
  const [wide, setWide] = createSignal(0);
  const [pointed, setPointed] = createSignal<number>();
  const asked = createMemo(() => ({ query: props.query, span: props.span }));
  const density = load(asked, async ({ query, span }, signal) => {
    const search = new URLSearchParams({ q: query, format: "binary", buckets: `${BUCKETS}` });
    if (span) {
      search.set("start", toText(span.start));
      search.set("end", toText(span.end));
    }
    return readDensity(await (await raw(`/v1/timeline/density?${search.toString()}`, { signal })).arrayBuffer());
  });
  createEffect(on(() => (density.error() ? undefined : density.value()), (found) => found && props.came?.(found), { defer: true }));
  const scale = createMemo(() => {
    const found = density.error() ? undefined : density.value();
    return found && found.total > 0 && found.end > found.start ? new Scale({ start: found.start, end: found.end }, wide() || 1) : undefined;
  });
  onMount(() => {
    const watch = new ResizeObserver(() => setWide(canvas.clientWidth));
    watch.observe(canvas);
    onCleanup(() => watch.disconnect());
  });
  createEffect(() => {
    shown();
    draw(canvas, wide(), density.error() ? undefined : density.value(), scale(), zone());
  });
  const isSlider = (): boolean => props.pick !== undefined && scale() !== undefined;
  function keys(event: KeyboardEvent): void {
    const found = scale();
    if (!found || !props.pick) return;
    const { start, end } = found.span;
    const step = width(found.span) / STEPS || 1n;
    const from = props.cursor ?? start;
    const to = { ArrowLeft: from - step, ArrowRight: from + step, Home: start, End: end - 1n }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    props.pick(to < start ? start : to >= end ? end - 1n : to);
  }
  const sentence = (): string => {
    const found = density.error() ? undefined : density.value();
    return found?.total ? `${count(found.total)} events from ${words(found.start)} to ${words(found.end)}` : "no dated events";
  };
  return (
    <div
      class="strip" classList={{ picks: isSlider() }}
      role={isSlider() ? "slider" : "img"} tabindex={isSlider() ? 0 : undefined} aria-label={isSlider() ? props.label : `${props.label}: ${sentence()}`}
      aria-valuemin={isSlider() ? 0 : undefined} aria-valuemax={isSlider() ? 100 : undefined}
      aria-valuenow={isSlider() ? percent(scale()!, props.cursor) : undefined} aria-valuetext={isSlider() ? (props.cursor === undefined ? sentence() : words(props.cursor)) : undefined}
      onKeyDown={keys}
    >
      <canvas
        ref={canvas} height={TALL} aria-hidden="true"
        onPointerMove={(event) => setPointed(event.offsetX)} onPointerLeave={() => setPointed()}
        onClick={(event) => scale() && props.pick?.(scale()!.at(event.offsetX))}
      />
      <Show when={scale() && props.cursor !== undefined}>
        <span class="needle" style={{ left: `${Math.min(Math.max(scale()!.x(props.cursor!), 0), wide())}px` }} />
      </Show>
      <Show when={scale() && pointed() !== undefined}>
        <span class="pointed" style={pointed()! < wide() / 2 ? { left: `${pointed()! + 8}px` } : { right: `${wide() - pointed()! + 8}px` }}>
          {words(scale()!.at(pointed()!))} · {count(countAt(density.value()!, scale()!.at(pointed()!)))}
        </span>
      </Show>
      <Show when={density.error() || density.value()?.total === 0}>
        <span class="none">{density.error() ? wordsOf(density.error()) : "No dated events."}</span>
      </Show>
    </div>
  );
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const words = (at: Instant): string => showInstant(at, zone(), "second");

function percent(scale: Scale, at: Instant | undefined): number {
  return at === undefined ? 0 : Math.round(Math.min(1, Math.max(0, scale.x(at) / scale.pixels)) * 100);
}

/** How many events a density counts in the bucket of an instant. */
export function countAt(density: Density, at: Instant): number {
  return density.rows[0]?.[Number((at - density.origin) / density.width)] ?? 0;
}

function draw(canvas: HTMLCanvasElement, wide: number, density: Density | undefined, scale: Scale | undefined, zoned: string): void {
  if (!wide) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(wide * ratio);
  canvas.height = TALL * ratio;
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const palette = readPalette();
  context.clearRect(0, 0, wide, TALL);
  if (!density || !scale) return;
  const marks = ticks(scale, zoned);
  drawGrid(context, marks, scale, AXIS, TALL, palette);
  drawAxis(context, marks, scale, palette, `11px ${getComputedStyle(canvas).fontFamily}`);
  const row = density.rows[0];
  if (!row) return;
  let most = 1;
  for (const n of row) if (n > most) most = n;
  const room = TALL - AXIS - 4;
  const bar = Math.max(1, scale.x(density.origin + density.width) - scale.x(density.origin));
  context.fillStyle = palette.heat;
  row.forEach((n, i) => {
    if (n === 0) return;
    const tall = Math.max(3, (room * Math.log1p(n)) / Math.log1p(most));
    context.fillRect(scale.x(density.origin + density.width * BigInt(i)), TALL - tall, bar, tall);
  });
}
