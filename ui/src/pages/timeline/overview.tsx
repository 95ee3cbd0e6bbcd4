/** The whole log in one strip, and where the view lies in it. Drag inside to move the view, beside it to choose another. */

import { createEffect, createMemo, createSignal, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import type { Density } from "~/base/density";
import { Scale } from "~/base/scale";
import { clampSpan, padded, width, type Span } from "~/base/span";
import type { Palette } from "~/canvas/palette";
import { zone } from "~/state/preferences";
import { showInstant } from "~/base/instant";
import type { View } from "./view";

const TALL = 40;
/** Pixels of a strip beside which there is room for days alone. */
const NARROW = 500;

export function Overview(props: { whole: Density | undefined; frame: Span; view: View; palette: Palette }): JSX.Element {
  let area!: HTMLDivElement;
  let canvas!: HTMLCanvasElement;
  const [wide, setWide] = createSignal(0);
  const span = createMemo(() => padded(props.frame.start, props.frame.end));
  const scale = createMemo(() => (wide() > 0 ? new Scale(span(), wide()) : undefined));
  onMount(() => {
    const seen = new ResizeObserver(() => setWide(area.clientWidth));
    seen.observe(area);
    onCleanup(() => seen.disconnect());
  });
  createEffect(() => {
    const now = scale();
    if (now) draw(canvas, props.whole, now, props.palette);
  });

  function grab(event: PointerEvent): void {
    const now = scale();
    const began = props.view.span();
    if (!now || !began || event.button !== 0) return;
    area.setPointerCapture(event.pointerId);
    const box = area.getBoundingClientRect();
    const from = event.clientX - box.left;
    const part = (event.target as HTMLElement).dataset["part"];
    let moved = false;
    const drag = (next: PointerEvent): void => {
      const x = next.clientX - box.left;
      moved ||= Math.abs(x - from) > 2;
      if (!moved) return;
      const by = now.at(x) - now.at(from);
      if (part === "window") props.view.move(clampSpan(began.start + by, began.end + by));
      else if (part === "start") props.view.move(clampSpan(began.start + by < began.end ? began.start + by : began.end - 20n, began.end));
      else if (part === "end") props.view.move(clampSpan(began.start, began.end + by > began.start ? began.end + by : began.start + 20n));
      else props.view.move(clampSpan(now.at(Math.min(x, from)), now.at(Math.max(x, from))));
    };
    const drop = (): void => {
      area.removeEventListener("pointermove", drag);
      area.removeEventListener("pointerup", drop);
      if (moved || part) return;
      const size = width(began);
      props.view.glide(clampSpan(now.at(from) - size / 2n, now.at(from) + size / 2n));
    };
    area.addEventListener("pointermove", drag);
    area.addEventListener("pointerup", drop);
  }

  return (
    <div class="overview">
      <div class="corner quiet">
        <For each={[props.frame.start, props.frame.end]}>
          {(at) => <span class="mono" title={showInstant(at, zone(), "minute")}>{wide() < NARROW ? showInstant(at, zone(), "day") : showInstant(at, zone(), "minute")}</span>}
        </For>
      </div>
      <div ref={area} class="overview-area" onPointerDown={grab} onDblClick={() => props.view.whole()} role="img" aria-label="All of the time there is; the frame is what is in view">
        <canvas ref={canvas} height={TALL} />
        <Show when={props.view.span() && scale()}>
          {(now) => {
            const left = (): number => Math.max(0, now().x(props.view.span()!.start));
            const right = (): number => Math.min(wide(), now().x(props.view.span()!.end));
            return (
              <div class="window" data-part="window" style={{ left: `${Math.min(left(), wide() - 4)}px`, width: `${Math.max(4, right() - left())}px` }}>
                <i data-part="start" /><i data-part="end" />
              </div>
            );
          }}
        </Show>
      </div>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, whole: Density | undefined, scale: Scale, palette: Palette): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(scale.pixels * ratio);
  canvas.height = TALL * ratio;
  canvas.style.width = `${scale.pixels}px`;
  canvas.style.height = `${TALL}px`;
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  if (!whole) return;
  const perPixel = new Float64Array(Math.ceil(scale.pixels));
  const origin = scale.x(whole.origin);
  const each = scale.x(whole.origin + whole.width) - origin;
  whole.rows[0]?.forEach((n, bucket) => {
    if (n) spread(perPixel, origin + each * bucket, each, n);
  });
  const most = Math.log1p(perPixel.reduce((a, b) => Math.max(a, b), 0));
  context.fillStyle = palette.heat;
  perPixel.forEach((n, x) => {
    if (!n) return;
    const tall = Math.max(2, ((TALL - 4) * Math.log1p(n)) / most);
    context.fillRect(x, TALL - tall, 1, tall);
  });
}

/** Add a bucket to the pixels it lies over, to each as much as of it lies there: pixels that two buckets begin in are no taller. */
export function spread(perPixel: Float64Array, left: number, wide: number, n: number): void {
  const right = left + Math.max(wide, 1e-6);
  for (let x = Math.max(0, Math.floor(left)); x < Math.min(perPixel.length, right); x++) {
    perPixel[x]! += (n * (Math.min(x + 1, right) - Math.max(x, left))) / (right - left);
  }
}
