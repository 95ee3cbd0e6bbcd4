/** The name of a lane, and what can be done with it: pin to the top, fold, hide, keep only its events or leave them out. */

import { Show, type JSX } from "solid-js";
import { narrowed, term, without } from "~/base/query";
import { OTHER } from "~/canvas/bars";
import { Icon } from "~/widgets/icon";
import { FOLDED, type Row } from "./scene";
import type { View } from "./view";

export function LaneName(props: { row: Row; view: View }): JSX.Element {
  const lane = (): string => props.row.lane;
  const name = (): string => (lane() === OTHER ? "all others" : lane() || (props.view.lane() ? `no ${props.view.lane()}` : "all events"));
  const asked = (): string => (lane() ? term(props.view.lane(), lane()) : `NOT ${props.view.lane()}:*`);
  const pinned = (): boolean => props.view.pinned().includes(lane());
  const folded = (): boolean => props.view.folded().includes(lane());
  const toggle = (list: readonly string[]): string[] => (list.includes(lane()) ? list.filter((one) => one !== lane()) : [...list, lane()]);
  const real = (): boolean => lane() !== OTHER && props.view.lane() !== "";
  return (
    <li class="lane-name" classList={{ folded: folded() }} style={{ height: `${props.row.tall}px` }}>
      <button class="fold" aria-label={`${folded() ? "Unfold" : "Fold"} ${name()}`} aria-expanded={!folded()} onClick={() => props.view.keepLanes("folded", toggle(props.view.folded()))}>
        <Icon name={folded() ? "right" : "down"} size={10} />
      </button>
      <span class="name" classList={{ pinned: pinned() }} title={name()}>{props.row.tall > FOLDED ? name() : ""}</span>
      <Show when={real() && props.row.tall > FOLDED}>
        <span class="acts">
          <button aria-label={`${pinned() ? "Unpin" : "Pin"} ${name()}`} title={pinned() ? "Unpin" : "Pin to the top"} aria-pressed={pinned()} onClick={() => props.view.keepLanes("pinned", toggle(props.view.pinned()))}><Icon name="up" size={11} /></button>
          <button aria-label={`Hide ${name()}`} title="Hide the lane; its events stay in the list" onClick={() => props.view.keepLanes("hidden", toggle(props.view.hidden()))}><Icon name="down" size={11} /></button>
          <button aria-label={`Only ${name()}`} title="Only these events" onClick={() => props.view.ask(narrowed(props.view.query(), asked()))}><Icon name="plus" size={11} /></button>
          <button aria-label={`Without ${name()}`} title="Without these events" onClick={() => props.view.ask(without(props.view.query(), asked()))}><Icon name="close" size={11} /></button>
        </span>
      </Show>
    </li>
  );
}
