/** The lanes in words: how many events each has in view, and where most of them lie. What the drawing says, as a table. */

import { type JSX } from "solid-js";
import { showInstant } from "~/base/instant";
import type { Span } from "~/base/span";
import { OTHER, type Picture } from "~/canvas/bars";
import { zone } from "~/state/preferences";
import { Dialog } from "~/widgets/dialog";
import { Table } from "~/widgets/table";
import { count } from "~/widgets/text";
import type { View } from "./view";

interface Said {
  readonly lane: string;
  readonly events: number;
  readonly busiest: bigint | undefined;
  readonly most: number;
}

/** What the finest picture that reaches over a span says of each lane in it. */
export function said(pictures: readonly Picture[], span: Span): Said[] {
  const finest = pictures.findLast((one) => one.counts.start <= span.start && one.counts.end >= span.end) ?? pictures[0];
  if (!finest) return [];
  const { counts } = finest;
  const first = Math.max(0, Number((span.start - counts.origin) / counts.width));
  const last = Math.min(counts.buckets - 1, Number((span.end - 1n - counts.origin) / counts.width));
  return counts.rows.map((row, place) => {
    let events = 0;
    let most = 0;
    let where = -1;
    for (let i = first; i <= last; i++) {
      events += row[i]!;
      if (row[i]! > most) [most, where] = [row[i]!, i];
    }
    return { lane: counts.lanes[place] ?? OTHER, events, most, busiest: where < 0 ? undefined : counts.origin + counts.width * BigInt(where) };
  });
}

export function LaneTable(props: { pictures: readonly Picture[]; span: Span; view: View; close: () => void }): JSX.Element {
  return (
    <Dialog title={`Events in view by ${props.view.lane() || "nothing"}`} close={props.close} wide>
      <Table label="Lanes" each={said(props.pictures, props.span)} head={<><th>{props.view.lane() || "Lane"}</th><th>Events</th><th>Most at ({zone()})</th><th>There</th></>}>
        {(one) => (
          <tr>
            <td>{one.lane === OTHER ? "all others" : one.lane || `no ${props.view.lane()}`}</td>
            <td class="mono">{count(one.events)}</td>
            <td class="mono">{one.busiest === undefined ? "" : showInstant(one.busiest, zone(), "second")}</td>
            <td class="mono">{count(one.most)}</td>
          </tr>
        )}
      </Table>
    </Dialog>
  );
}
