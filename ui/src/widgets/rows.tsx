/** A table of any number of rows of one height: only those in sight are there; more are asked for near the end. */

import { createVirtualizer } from "@tanstack/solid-virtual";
import { createEffect, For, Show, type JSX } from "solid-js";
import "./rows.css";

const ROW = 27;
const NEAR_END = 30;

export interface Column<T> {
  readonly name: string;
  /** As CSS; what is left out shares the rest. */
  readonly width?: string;
  readonly isNumber?: boolean;
  readonly cell: (row: T) => JSX.Element;
  readonly title?: (row: T) => string;
}

interface Props<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** How many there are in all, if that is known. */
  readonly total?: number | undefined;
  readonly near?: () => void;
  readonly height: string;
  readonly isHere?: (row: T) => boolean;
}

export function Rows<T>(props: Props<T>): JSX.Element {
  let scroller!: HTMLDivElement;
  const sight = createVirtualizer({
    get count() {
      return props.rows.length;
    },
    getScrollElement: () => scroller,
    estimateSize: () => ROW,
    overscan: 12,
  });
  createEffect(() => {
    const last = sight.getVirtualItems().at(-1);
    if (last && last.index >= props.rows.length - NEAR_END) props.near?.();
  });
  const before = (): number => sight.getVirtualItems()[0]?.start ?? 0;
  const behind = (): number => sight.getTotalSize() - (sight.getVirtualItems().at(-1)?.end ?? 0);
  return (
    <div class="table rows" ref={scroller} style={{ "max-height": props.height }} tabindex="0" role="region" aria-label={props.label}>
      <table aria-rowcount={props.total ?? -1}>
        <colgroup><For each={props.columns}>{(column) => <col style={column.width ? { width: column.width } : {}} />}</For></colgroup>
        <thead><tr><For each={props.columns}>{(column) => <th classList={{ number: column.isNumber ?? false }}>{column.name}</th>}</For></tr></thead>
        <tbody>
          <tr class="filler" aria-hidden="true"><td colspan={props.columns.length} style={{ height: `${before()}px` }} /></tr>
          <For each={sight.getVirtualItems()}>
            {(item) => (
              <Show when={props.rows[item.index]}>
                {(row) => (
                  <tr aria-rowindex={item.index + 2} classList={{ here: props.isHere?.(row()) ?? false }}>
                    <For each={props.columns}>
                      {(column) => <td classList={{ number: column.isNumber ?? false }} title={column.title?.(row())}>{column.cell(row())}</td>}
                    </For>
                  </tr>
                )}
              </Show>
            )}
          </For>
          <tr class="filler" aria-hidden="true"><td colspan={props.columns.length} style={{ height: `${behind()}px` }} /></tr>
        </tbody>
      </table>
    </div>
  );
}
