/** Markdown that somebody wrote, as nodes. No HTML is made on the way: what they wrote cannot be any. */

import { createMemo, For, Show, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { parseMarkdown, stepped, type Block, type Inline } from "~/base/markdown";
import "~/styles/lists.css";
import "./markdown.css";

interface Shows {
  /** What stands for `[[event:ID]]`. */
  readonly event: (id: string) => JSX.Element;
  /** How far headings stand below those of the page around them. */
  readonly below?: number;
}

export function Markdown(props: Shows & { text: string; broad?: boolean }): JSX.Element {
  const parsed = createMemo(() => stepped(parseMarkdown(props.text)));
  return <div class="markdown" classList={{ broad: props.broad ?? false }}><Blocks of={parsed()} shows={props} /></div>;
}

function Blocks(props: { of: readonly Block[]; shows: Shows }): JSX.Element {
  return <For each={props.of}>{(block) => shown(block, props.shows)}</For>;
}

function shown(block: Block, shows: Shows): JSX.Element {
  const inside = (nodes: readonly Inline[]): JSX.Element => <Inlines of={nodes} shows={shows} />;
  switch (block.kind) {
    case "heading":
      return <Dynamic component={`h${Math.min(6, block.level + (shows.below ?? 0))}`}>{inside(block.inside)}</Dynamic>;
    case "paragraph":
      return <p>{inside(block.inside)}</p>;
    case "code":
      return <pre>{block.text}</pre>;
    case "quote":
      return <blockquote><Blocks of={block.blocks} shows={shows} /></blockquote>;
    case "rule":
      return <hr />;
    case "list":
      return (
        <Dynamic component={block.start === undefined ? "ul" : "ol"} start={block.start}>
          <For each={block.items}>
            {(item) => <li><Show when={item.length === 1 && item[0]!.kind === "paragraph" && item[0]} fallback={<Blocks of={item} shows={shows} />}>{(only) => inside(only().inside)}</Show></li>}
          </For>
        </Dynamic>
      );
    case "table":
      return (
        <div class="markdown-table">
          <table>
            <thead><tr><For each={block.head}>{(cell) => <th scope="col">{inside(cell)}</th>}</For></tr></thead>
            <tbody><For each={block.rows}>{(row) => <tr><For each={row}>{(cell) => <td>{inside(cell)}</td>}</For></tr>}</For></tbody>
          </table>
        </div>
      );
  }
}

function Inlines(props: { of: readonly Inline[]; shows: Shows }): JSX.Element {
  return <For each={props.of}>{(node) => inline(node, props.shows)}</For>;
}

function inline(node: Inline, shows: Shows): JSX.Element {
  const inside = (nodes: readonly Inline[]): JSX.Element => <Inlines of={nodes} shows={shows} />;
  switch (node.kind) {
    case "text":
      return node.text;
    case "code":
      return <code>{node.text}</code>;
    case "break":
      return <br />;
    case "strong":
      return <strong>{inside(node.inside)}</strong>;
    case "em":
      return <em>{inside(node.inside)}</em>;
    case "strike":
      return <s>{inside(node.inside)}</s>;
    case "link":
      // Where it leads is in its title: what it says may be something else.
      return <a href={node.href} title={node.href} target="_blank" rel="noopener noreferrer external">{inside(node.inside)}</a>;
    case "event":
      return shows.event(node.id);
  }
}
