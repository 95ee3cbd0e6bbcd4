/** The lanes: their names on the left, what happened on them on the right; drag, wheel and keys move through time. */

import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show, untrack, type JSX } from "solid-js";
import { MINUTE, precisionOf, showInstant, showLength, toText, type Instant } from "~/base/instant";
import { Scale, ticks } from "~/base/scale";
import { clampSpan, pan, width, zoom, type Span } from "~/base/span";
import { AXIS, drawAxis } from "~/canvas/axis";
import { countAt, OTHER, type Picture } from "~/canvas/bars";
import type { Stack } from "~/canvas/marks";
import type { Palette } from "~/canvas/palette";
import { zone } from "~/state/preferences";
import { count } from "~/widgets/text";
import type { Found, Link, Marks, Pin } from "./events";
import { LaneName } from "./lane-name";
import { ABOVE, above, at, drawScene, FOLDED, FONT, LANE, type Drawn, type Part, type Row } from "./scene";
import type { View } from "./view";

const WHEEL = 0.0018;
/** After so long without a frame, what is out of sight is drawn too. */
const RESTS_MS = 150;

export interface LanesProps {
  readonly view: View;
  readonly order: readonly string[];
  readonly pictures: readonly Picture[];
  readonly marks: Marks | undefined;
  readonly found: readonly Found[];
  readonly pins: readonly Pin[];
  readonly links: readonly Link[];
  readonly covered: ReadonlyMap<string, readonly Span[]> | undefined;
  readonly palette: Palette;
  /** Told how many pixels time has. */
  readonly onWidth: (pixels: number) => void;
  readonly onBrush: (span: Span | undefined) => void;
  readonly brush: Span | undefined;
  readonly coarse: boolean;
}

/** Lanes as they stand: pinned ones first, then by how much is on them, without those that are hidden. */
export function rowsOf(order: readonly string[], pinned: readonly string[], hidden: readonly string[], folded: readonly string[], other: boolean): Row[] {
  const there = pinned.filter((lane) => order.includes(lane));
  const rest = order.filter((lane) => !there.includes(lane));
  let top = ABOVE;
  return [...there, ...rest, ...(other ? [OTHER] : [])]
    .filter((lane) => !hidden.includes(lane))
    .map((lane) => {
      const tall = folded.includes(lane) ? FOLDED : LANE;
      const row = { lane, top, tall };
      top += tall;
      return row;
    });
}

export function Lanes(props: LanesProps): JSX.Element {
  let area!: HTMLDivElement;
  let scroller!: HTMLDivElement;
  let canvas!: HTMLCanvasElement;
  let axis!: HTMLCanvasElement;
  const [wide, setWide] = createSignal(0);
  // What is on the screen: a hand that rests on it is answered anew when it changes.
  const [drawn, setDrawn] = createSignal<Drawn>();
  const [pointer, setPointer] = createSignal<{ x: number; y: number }>();
  /** What is in sight of the canvas: sixty lanes are far taller than their place on the screen. */
  const [sight, setSight] = createSignal<Part>({ top: 0, bottom: 0 }, { equals: (a, b) => a.top === b.top && a.bottom === b.bottom });
  const rows = createMemo(() =>
    rowsOf(props.order, props.view.pinned(), props.view.hidden(), props.view.folded(), props.pictures[0]?.counts.other ?? false));
  const tall = (): number => (rows().at(-1)?.top ?? ABOVE) + (rows().at(-1)?.tall ?? LANE);
  const scale = createMemo(() => (props.view.span() && wide() > 0 ? new Scale(props.view.span()!, wide()) : undefined));

  const look = (): Part => setSight({ top: Math.floor(scroller.scrollTop), bottom: Math.ceil(scroller.scrollTop + scroller.clientHeight) });
  onMount(() => {
    const seen = new ResizeObserver(() => {
      look();
      setWide(area.clientWidth);
      props.onWidth(area.clientWidth);
    });
    seen.observe(area);
    seen.observe(scroller);
    onCleanup(() => seen.disconnect());
    area.addEventListener("wheel", wheel, { passive: false });
  });

  let frame = 0;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let outOfSight = false;
  let again: (() => void) | undefined;
  const still = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(resting);
  };
  onCleanup(still);
  createEffect(() => {
    const span = props.view.span();
    const scene = {
      rows: rows(), pictures: props.pictures, marks: props.marks, found: props.found, pins: props.pins, links: props.links,
      selected: props.view.selected(), covered: props.covered, palette: props.palette, zone: zone(),
    };
    const size = [wide(), tall()] as const;
    still();
    again = undefined;
    if (!span || size[0] < 10) return;
    const draw = (context: CanvasRenderingContext2D, part: Part): Drawn => {
      const now = drawScene(context, { ...scene, span }, size[0], part);
      outOfSight = part.top > 0 || part.bottom < size[1];
      setDrawn(now);
      return now;
    };
    // A frame draws what is in sight, so that moving through time costs the same however many lanes there are; the rest
    // follows, for a hand that scrolls faster than frames come. A canvas of a new size is empty, and is drawn whole.
    again = () => {
      still();
      frame = requestAnimationFrame(() => {
        const { context, empty } = fitted(canvas, ...size);
        const whole = { top: 0, bottom: size[1] };
        const { top, bottom } = untrack(sight);
        const now = draw(context, empty ? whole : { top: Math.max(0, top - 1), bottom: Math.min(size[1], bottom + 1) });
        drawAxis(fitted(axis, size[0], AXIS).context, ticks(now.scale, scene.zone), now.scale, scene.palette, FONT);
        if (outOfSight) resting = setTimeout(() => draw(context, whole), RESTS_MS);
      });
    };
    again();
  });
  createEffect(on(sight, () => outOfSight && again?.(), { defer: true }));

  function wheel(event: WheelEvent): void {
    const span = props.view.span();
    if (!span || event.altKey) return;
    event.preventDefault();
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways || event.shiftKey) return props.view.move(pan(span, (sideways ? event.deltaX : event.deltaY) / wide()));
    const x = event.clientX - area.getBoundingClientRect().left;
    props.view.move(zoom(span, x / wide(), Math.exp(event.deltaY * WHEEL * (event.deltaMode === 1 ? 16 : 1))));
  }

  /** Drag on the lanes marks a stretch; with Shift, the middle button, or on the axis it moves the view. */
  function grab(event: PointerEvent, onAxis: boolean): void {
    const began = props.view.span();
    if (!began || event.button > 1) return;
    const target = event.currentTarget as HTMLElement;
    target.setPointerCapture(event.pointerId);
    const from = event.clientX - area.getBoundingClientRect().left;
    const moves = onAxis || event.shiftKey || event.button === 1;
    const fixed = new Scale(began, wide());
    let moved = false;
    const drag = (next: PointerEvent): void => {
      const x = next.clientX - area.getBoundingClientRect().left;
      if (!moved && Math.abs(x - from) < 3) return;
      moved = true;
      if (moves) return props.view.move(pan(began, (from - x) / wide()));
      const [a, b] = x < from ? [x, from] : [from, x];
      props.onBrush(clampSpan(fixed.at(a), fixed.at(b)));
    };
    const drop = (): void => {
      target.removeEventListener("pointermove", drag);
      target.removeEventListener("pointerup", drop);
      target.removeEventListener("pointercancel", drop);
      if (!moved && !onAxis) click(event);
    };
    target.addEventListener("pointermove", drag);
    target.addEventListener("pointerup", drop);
    target.addEventListener("pointercancel", drop);
  }

  function click(event: PointerEvent): void {
    props.onBrush(undefined);
    if (clickAbove(event)) return;
    const under = found(event.clientX, event.clientY);
    if (!under?.stack) return props.view.select(undefined);
    if (under.stack.marks.length === 1) return props.view.select(under.stack.marks[0]!.id);
    // A stack opens: what it holds fills the view.
    const first = under.stack.marks[0]!.at;
    const last = under.stack.marks.at(-1)!.at;
    if (last === first) return props.view.select(under.stack.marks[0]!.id);
    const room = (last - first) / 4n + 1n;
    props.view.glide(clampSpan(first - room, last + room));
  }

  /** What was found comes into view with its first event chosen; of a pin, the event. */
  function clickAbove(event: PointerEvent): boolean {
    const box = canvas.getBoundingClientRect();
    const now = scale();
    if (!now || event.clientY - box.top >= ABOVE) return false;
    const { found, pin } = above(props.found, props.pins, now, event.clientX - box.left);
    if (pin) props.view.select(pin.id);
    else if (found) {
      const room = (found.end - found.start) / 4n + MINUTE;
      const span = clampSpan(found.start - room, found.end + room);
      props.view.open({ from: toText(span.start), to: toText(span.end), ...(found.evidence[0] ? { event: found.evidence[0] } : {}) });
    }
    return pin !== undefined || found !== undefined;
  }

  function found(clientX: number, clientY: number): { row: Row | undefined; stack: Stack | undefined } | undefined {
    const box = canvas.getBoundingClientRect();
    const there = drawn();
    return there && at(there, rows(), clientX - box.left, clientY - box.top);
  }

  const hovered = createMemo(() => {
    const place = pointer();
    const now = scale();
    const there = drawn();
    if (!place || !now || !there) return undefined;
    const when = now.at(place.x);
    const { row, stack } = at(there, rows(), place.x, place.y);
    const finest = props.pictures.findLast((one) => when >= one.counts.start && when < one.counts.end);
    const counted = row && finest ? countAt(finest.counts, row.lane, when) : undefined;
    const detection = place.y < ABOVE ? above(props.found, props.pins, now, place.x).found : undefined;
    return { ...place, when, row, stack, counted, bucket: finest?.counts.width, detection };
  });

  const step = (): bigint => (props.view.span() ? width(props.view.span()!) / BigInt(Math.max(1, wide())) : MINUTE);
  return (
    <div class="lanes" data-coarse={props.coarse ? "" : undefined}>
      <div class="axis-row">
        <div class="corner">
          <Show when={props.view.span()}>{(span) => <span title="What is in view">{showLength(width(span()))}</span>}</Show>
        </div>
        <canvas ref={axis} class="axis" onPointerDown={(event) => grab(event, true)} aria-hidden="true" />
      </div>
      <div ref={scroller} class="lanes-scroll" onScroll={look}>
        <ul class="names" aria-label="Lanes" data-above={[props.found.length ? "found" : "", props.pins.length ? "pinned" : ""].filter(Boolean).join(", ")} style={{ "padding-top": `${ABOVE}px` }}>
          <For each={rows()}>{(row) => <LaneName row={row} view={props.view} />}</For>
        </ul>
        <div
          ref={area} class="area" style={{ height: `${tall()}px` }} onPointerDown={(event) => grab(event, false)}
          onPointerMove={(event) => { const box = area.getBoundingClientRect(); setPointer({ x: event.clientX - box.left, y: event.clientY - box.top }); }}
          onPointerLeave={() => setPointer()} role="img" aria-label="Events over time, by lane. The list beneath and the table of lanes (key l) say the same in words."
        >
          <canvas ref={canvas} />
          <Show when={props.brush && scale()}>
            {(now) => {
              const left = (): number => now().x(props.brush!.start);
              return <div class="brush" style={{ left: `${left()}px`, width: `${Math.max(1, now().x(props.brush!.end) - left())}px` }} />;
            }}
          </Show>
          <Show when={hovered()}>{(over) => <Hover over={over()} wide={wide()} step={step()} />}</Show>
        </div>
      </div>
    </div>
  );
}

interface Over {
  readonly x: number;
  readonly y: number;
  readonly when: Instant;
  readonly row: Row | undefined;
  readonly stack: Stack | undefined;
  readonly counted: number | undefined;
  readonly bucket: bigint | undefined;
  readonly detection: Found | undefined;
}

function Hover(props: { over: Over; wide: number; step: bigint }): JSX.Element {
  const left = (): boolean => props.over.x > props.wide - 260;
  return (
    <>
      <div class="cursor" style={{ left: `${Math.round(props.over.x)}px` }} />
      <div class="hover" classList={{ left: left() }} style={{ left: `${props.over.x}px`, top: `${props.over.y + 14}px` }} aria-hidden="true">
        <div class="mono">{showInstant(props.over.when, zone(), precisionOf(props.step))}</div>
        <Show when={props.over.stack} fallback={
          <Show when={props.over.counted !== undefined && props.over.bucket}>
            {(bucket) => <div class="quiet">{count(props.over.counted!)} in {showLength(bucket())}</div>}
          </Show>
        }>
          {(stack) => (
            <Show when={stack().marks.length > 1} fallback={<div>{stack().marks[0]!.label}</div>}>
              <div>{stack().marks.length} events close together; a click opens them</div>
            </Show>
          )}
        </Show>
        <Show when={props.over.detection}>{(found) => <div class={`sev ${found().severity}`}>{found().title}</div>}</Show>
        <Show when={props.over.detection}>{(found) => <div class="quiet">{found().evidence.length === 1 ? "1 event" : `${found().evidence.length} events`} of evidence; a click shows them</div>}</Show>
      </div>
    </>
  );
}

/** A canvas of a size in CSS pixels, sharp on any screen; and whether it is empty, since its size was another. */
function fitted(canvas: HTMLCanvasElement, wide: number, tall: number): { context: CanvasRenderingContext2D; empty: boolean } {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(wide * ratio), Math.round(tall * ratio)];
  const empty = canvas.width !== w || canvas.height !== h;
  if (empty) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${tall}px`;
  }
  const context = canvas.getContext("2d", { alpha: false })!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, empty };
}
