/** A table of rows, with a name for whoever does not see it. It scrolls by itself where it is wider than there is room. */

import { For, type Accessor, type JSX } from "solid-js";

interface TableProps<T> {
  /** What the rows are, and their order: "Holds, the newest first". */
  readonly label: string;
  /** The cells above the columns. */
  readonly head: JSX.Element;
  readonly each: readonly T[] | undefined;
  /** One row. */
  readonly children: (row: T, at: Accessor<number>) => JSX.Element;
  /** Shown in the place of rows where there is none: a row, too. */
  readonly fallback?: JSX.Element;
  readonly class?: string;
  /** Classes of what is around it: `bare` has no border of its own. */
  readonly frame?: string;
  /** Whether no cell takes the focus: then what is around it does, so that keys scroll it. */
  readonly isPlain?: boolean;
}

export function Table<T>(props: TableProps<T>): JSX.Element {
  return (
    <div class={`table ${props.frame ?? ""}`} {...(props.isPlain ? { tabindex: 0, role: "region", "aria-label": props.label } : {})}>
      <table class={props.class}>
        <caption class="visually-hidden">{props.label}</caption>
        <thead><tr>{props.head}</tr></thead>
        <tbody><For each={props.each} fallback={props.fallback}>{props.children}</For></tbody>
      </table>
    </div>
  );
}
