/** A chain as a picture: time to the right, a lane for each source or actor, links as curves from step to step. */

import { createMemo, createSignal, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import { showInstant } from "~/base/instant";
import { zone } from "~/state/preferences";
import { Severity, Time } from "~/widgets/text";
import { SeverityMark } from "~/widgets/severity_mark";
import { isFaint, pathTo, type Curve, type Drawn, type LaneBy, type Mark } from "./marks";
import { labelWidth, plan, TOP, type Placed, type ScaleKind } from "./place";
import { labelOf, sharedBy, shortened, titleOf } from "./words";

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly curve?: Curve;
  readonly mark?: Mark;
}

export function Drawing(props: { of: Drawn; by: LaneBy; scale: ScaleKind; chosen: string; choose: (id: string) => void }): JSX.Element {
  let scroller!: HTMLDivElement;
  const [room, setRoom] = createSignal(900);
  const [tip, setTip] = createSignal<Tip>();
  onMount(() => {
    const watch = new ResizeObserver(() => setRoom(Math.max(560, scroller.clientWidth)));
    watch.observe(scroller);
    onCleanup(() => watch.disconnect());
  });
  const laid = createMemo(() => plan(props.of, props.scale, room(), (mark) => labelOf(mark, props.by)));
  const pointed = (): string => tip()?.curve?.id ?? tip()?.mark?.id ?? props.chosen;
  const lit = createMemo(() => {
    const id = pointed();
    const curve = props.of.curves.find((one) => one.id === id);
    const mark = curve?.to ?? props.of.marks.find((one) => one.id === id);
    return new Set(mark ? pathTo(props.of, mark).map((one) => one.id) : []);
  });
  const isLit = (curve: Curve): boolean => curve.id === pointed() || (lit().has(curve.from.id) && lit().has(curve.to.id));
  function point(event: Event, at: { curve?: Curve; mark?: Mark }): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const frame = scroller.getBoundingClientRect();
    const x = event instanceof MouseEvent ? event.clientX : box.left + Math.min(box.width, 40) / 2;
    setTip({ ...at, x: Math.min(Math.max(0, x - frame.left - 20), frame.width - 330), y: (event instanceof MouseEvent ? event.clientY + 14 : box.bottom + 6) - frame.top });
  }
  const hide = (): void => void setTip();
  return (
    <div class="chain-drawing">
      <div class="chain-lanes" aria-hidden="true">
        <For each={laid().lanes}>{(lane) => <div style={{ top: `${lane.y}px`, height: `${lane.height}px` }} title={lane.name}>{shortened(lane.name, 20)}</div>}</For>
      </div>
      <div class="chain-scroll" ref={scroller}>
        <svg width={laid().width} height={laid().height} role="group" aria-label="The chain, time to the right. The table below says the same in words.">
          <For each={laid().lanes}>{(lane) => <line class="lane-line" x1="0" x2={laid().width} y1={lane.y} y2={lane.y} />}</For>
          <For each={laid().stamps}>
            {(stamp, i) => (
              <g class="stamp">
                <line x1={stamp.x} x2={stamp.x} y1={TOP - 6} y2={laid().height} />
                <text x={i() === 0 ? stamp.x - 4 : stamp.x} y={14} text-anchor={i() === 0 ? "start" : "middle"}>{clock(stamp.at, laid().stamps[i() - 1]?.at)}</text>
              </g>
            )}
          </For>
          <For each={laid().cuts}>
            {(cut) => (
              <g class="cut">
                <path d={`M${cut.x - 3} ${laid().height}V${TOP}M${cut.x + 3} ${laid().height}V${TOP}`} />
                <title>{cut.text} in which nothing of the chain happened, drawn shorter</title>
                <text x={cut.x} y={TOP + 10} text-anchor="middle">{cut.text}</text>
              </g>
            )}
          </For>
          <g class="curves">
            <For each={props.of.curves}>
              {(curve, i) => (
                <g
                  class="curve" classList={{ faint: isFaint(curve.to), lit: isLit(curve) }} role="button" tabindex={i() === 0 ? 0 : -1} data-roving="curve"
                  aria-label={`Link from ${titleOf(curve.from)} to ${titleOf(curve.to)}: ${curve.link.reason}`} aria-pressed={props.chosen === curve.id}
                  onPointerMove={(event) => point(event, { curve })} onPointerLeave={hide} onFocus={(event) => point(event, { curve })} onBlur={hide}
                  onClick={() => props.choose(curve.id)} onKeyDown={(event) => keys(event, () => props.choose(curve.id))}
                >
                  <path class="reach" d={bend(laid().at, curve)} />
                  <path class="line" d={bend(laid().at, curve)} stroke-width={0.8 + 2.6 * Math.sqrt(curve.link.strength)} />
                </g>
              )}
            </For>
          </g>
          <For each={props.of.same}>
            {([one, other]) => {
              const a = (): Placed => laid().at.get(one.id)!;
              const b = (): Placed => laid().at.get(other.id)!;
              return (
                <g class="same-act">
                  <title>One act, told by two sources</title>
                  <path d={`M${a().x - 2} ${a().y}L${b().x - 2} ${b().y}M${a().x + 2} ${a().y}L${b().x + 2} ${b().y}`} />
                </g>
              );
            }}
          </For>
          <For each={laid().placed}>
            {(one, i) => (
              <g
                class="mark" classList={{ faint: isFaint(one.mark), lit: lit().has(one.mark.id), chosen: props.chosen === one.mark.id, seed: one.mark.isSeed }}
                role="button" tabindex={i() === 0 ? 0 : -1} data-roving="mark" aria-pressed={props.chosen === one.mark.id}
                aria-label={spoken(one.mark, props.by)}
                onPointerEnter={(event) => point(event, { mark: one.mark })} onPointerLeave={hide} onFocus={(event) => point(event, { mark: one.mark })} onBlur={hide}
                onClick={() => props.choose(one.mark.id)} onKeyDown={(event) => keys(event, () => props.choose(one.mark.id))}
              >
                <Show when={one.xEnd - one.x > 2}><rect class={`extent ${one.mark.severity}`} x={one.x} y={one.y - 3} width={one.xEnd - one.x} height="6" rx="3" /></Show>
                <Show when={one.mark.isSeed}><circle class="ring" cx={one.x} cy={one.y} r="11" /></Show>
                <SeverityMark of={one.mark.severity} x={one.x} y={one.y} size={isFaint(one.mark) ? 4 : 6.5} />
                <Show when={one.label}>
                  {(label) => (
                    <>
                      <Show when={label().y - one.y > 20}><path class="lead" d={`M${one.x} ${one.y + 7}V${label().y - 1}`} /></Show>
                      <rect class="label-ground" x={label().x} y={label().y} width={labelWidth(labelOf(one.mark, props.by))} height="27" rx="3" />
                      <text class="label" x={label().x + 4} y={label().y + 11}>
                        <Show when={one.mark.step}><tspan class="step">{one.mark.step} </tspan></Show>{`${labelOf(one.mark, props.by)[0]} `}
                      </text>
                      <text class="label-who" x={label().x + 4} y={label().y + 23}>{labelOf(one.mark, props.by)[1]}</text>
                    </>
                  )}
                </Show>
              </g>
            )}
          </For>
        </svg>
        <Show when={tip()}>
          {(at) => (
            <div class="chain-tip" style={{ left: `${at().x + scroller.scrollLeft}px`, top: `${at().y}px` }}>
              <Show when={at().curve}>
                {(curve) => (
                  <>
                    <strong>{sharedBy(curve().link)}</strong>
                    <div class="quiet">{curve().link.reason}</div>
                    <div class="quiet">strength {curve().link.strength.toFixed(2)}{curve().links > 1 ? `, ${curve().links} links` : ""}</div>
                  </>
                )}
              </Show>
              <Show when={at().mark}>
                {(mark) => (
                  <>
                    <strong>{titleOf(mark())}</strong> <Severity of={mark().severity} />
                    <div class="quiet"><Time at={mark().events[0]!.occurred_at} precision="second" /> · {mark().events[0]!.source}</div>
                    <div>{mark().events[0]!.message}</div>
                    <Show when={mark().link}>{(link) => <div class="quiet">{link().reason}; strength {link().strength.toFixed(2)}</div>}</Show>
                  </>
                )}
              </Show>
            </div>
          )}
        </Show>
      </div>
    </div>
  );
}

/** A mark in words that begin with those beside it. */
function spoken(mark: Mark, by: LaneBy): string {
  const [title, who] = labelOf(mark, by);
  return `${mark.step ? `${mark.step} ` : ""}${title} ${who}, ${mark.severity}${mark.isSeed ? ", where the chain begins" : ""}`;
}

/** A clock time, with its day where that is another than before. */
function clock(at: bigint, before: bigint | undefined): string {
  const text = showInstant(at, zone(), "second");
  const isSameDay = before !== undefined && showInstant(before, zone(), "day") === text.slice(0, 10);
  return isSameDay ? text.slice(11) : `${text.slice(5, 10)} ${text.slice(11)}`;
}

/** From mark to mark, level where it leaves and where it comes in. */
function bend(at: ReadonlyMap<string, Placed>, curve: Curve): string {
  const a = at.get(curve.from.id)!;
  const b = at.get(curve.to.id)!;
  if (a.y === b.y) {
    const high = Math.min(15, 5 + Math.abs(b.x - a.x) / 25);
    return `M${a.x} ${a.y}C${a.x + (b.x - a.x) * 0.2} ${a.y - high} ${b.x - (b.x - a.x) * 0.2} ${b.y - high} ${b.x} ${b.y}`;
  }
  const reach = Math.max(24, Math.abs(b.x - a.x) * 0.5) * (b.x < a.x ? -1 : 1);
  return `M${a.x} ${a.y}C${a.x + reach} ${a.y} ${b.x - reach} ${b.y} ${b.x} ${b.y}`;
}

/** Arrows go from one to the next of a kind; Enter and Space choose. One of each kind is reached by Tab. */
function keys(event: KeyboardEvent, choose: () => void): void {
  const own = event.currentTarget as SVGElement;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) {
    const all = [...own.ownerSVGElement!.querySelectorAll<SVGElement>(`[data-roving=${own.dataset["roving"]}]`)];
    const next = all[(all.indexOf(own) + step + all.length) % all.length]!;
    own.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") choose();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
