/** All events of the case over time, as bars; a stretch that is drawn over with the pointer becomes what is listed. */

import { createMemo, createSignal, Show, type JSX } from "solid-js";
import { raw } from "~/api/client";
import { readDensity, type Density } from "~/base/density";
import { toText } from "~/base/instant";
import { load } from "~/state/load";
import { count, Time } from "~/widgets/text";

const BUCKETS = 240;
const HEIGHT = 40;
/** Events of a bar that is as high as the strip, where none has more. */
const FULL = 12;
/** Of the strip's width: less was a click. */
const LEAST = 0.004;

/** @param props.of counts up where the same query may find something else. */
export function Strip(props: { query: string; of: number; choose: (start: string, end: string) => void }): JSX.Element {
  const found = load<string, Density>(() => `${props.of} ${props.query}`, async (_key, signal) => {
    const answer = await raw(`/v1/timeline/density?${new URLSearchParams({ q: props.query, buckets: `${BUCKETS}`, format: "binary" })}`, { signal });
    return readDensity(await answer.arrayBuffer());
  });
  const [drawn, setDrawn] = createSignal<readonly [number, number]>();
  let element!: SVGSVGElement;
  const at = (event: PointerEvent): number => {
    const box = element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const path = createMemo(() => {
    const row = found.value()?.rows[0];
    if (!row) return "";
    const most = Math.max(FULL, ...row);
    // By the logarithm, so that a single event is seen beside thousands.
    return [...row].map((n, i) => (n ? `M${i} ${HEIGHT}h1v${-(4 + ((HEIGHT - 4) * Math.log1p(n)) / Math.log1p(most)).toFixed(1)}h-1z` : "")).join("");
  });
  function end(): void {
    const range = drawn();
    setDrawn();
    const density = found.value();
    if (!range || !density) return;
    const [a, b] = range[0] < range[1] ? range : [range[1], range[0]];
    if (b - a < LEAST) return;
    const where = (share: number): bigint => density.origin + (density.width * BigInt(density.buckets) * BigInt(Math.round(share * 1e6))) / 1_000_000n;
    props.choose(toText(where(a)), toText(where(b)));
  }

  return (
    <Show when={found.value()?.total ? found.value() : undefined}>
      {(density) => (
        <figure class="stack tight">
          <svg
            ref={element} class="strip" viewBox={`0 0 ${density().buckets} ${HEIGHT}`} preserveAspectRatio="none" role="img"
            aria-label={`${count(density().total)} events of the case between ${toText(density().start)} and ${toText(density().end)}`}
            onPointerDown={(event) => { element.setPointerCapture(event.pointerId); setDrawn([at(event), at(event)]); }}
            onPointerMove={(event) => drawn() && setDrawn([drawn()![0], at(event)])} onPointerUp={end} onPointerCancel={() => setDrawn()}
          >
            <path d={path()} fill="var(--heat)" />
            <Show when={drawn()}>
              {(range) => (
                <rect
                  x={Math.min(...range()) * density().buckets} width={Math.abs(range()[1] - range()[0]) * density().buckets} y="0" height={HEIGHT}
                  fill="var(--accent)" fill-opacity="0.25"
                />
              )}
            </Show>
          </svg>
          <figcaption class="row quiet"><Time at={toText(density().start)} precision="second" /><span class="spread" /><Time at={toText(density().end)} precision="second" /></figcaption>
        </figure>
      )}
    </Show>
  );
}
