/**
 * Reads Markdown into a tree that a page makes nodes of: there is no HTML on the way, so nothing somebody wrote can be any.
 *
 * What of it: headings, paragraphs, quotes, lists (one in another), tables, fenced code, rules; emphasis, code, links to
 * web pages and mail, and `[[event:ID]]`, which stands for a live event (docs/cases.md). Pictures become links. Raw HTML
 * is text. Letters that turn the order of others about are written as their numbers. Time grows with the length of the
 * text alone, and depth has bounds.
 */

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: "strong" | "em" | "strike"; readonly inside: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly inside: readonly Inline[] }
  | { readonly kind: "event"; readonly id: string }
  | { readonly kind: "break" };

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly inside: readonly Inline[] }
  | { readonly kind: "paragraph"; readonly inside: readonly Inline[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "quote"; readonly blocks: readonly Block[] }
  | { readonly kind: "list"; readonly start: number | undefined; readonly items: readonly (readonly Block[])[] }
  | { readonly kind: "table"; readonly head: readonly (readonly Inline[])[]; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: "rule" };

const DEEPEST = 8;
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const EVENT = /\[\[event:([0-9A-Za-z]{26}(?:\.\d{1,5})?)\]\]/y;
const LINK = /!?\[((?:\\.|[^[\]\\]){0,1000})\]\(([^()\s<>]{1,2000})(?:\s+"[^"]{0,200}")?\)/y;
const BARE = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/y;
const ENTITY = /&(lt|gt|amp|quot|nbsp);/y;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };
const ESCAPED = /[!-/:-@[-`{-~]/;
const MARK = /\*\*|\*|__|_|~~/y;
const KINDS: Record<string, "strong" | "em" | "strike"> = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "strike" };
const WORD = /[\p{L}\p{N}]/u;
const LEADS = /^(?:https?:\/\/|mailto:)/i;
const ITEM = /^(\s{0,3})(?:([-*+])|(\d{1,9})[.)])(\s+|$)/;
const RULE = /^\s{0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const DIVIDER = /^\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*$/;

/** The ids of events a text stands for, each once, in order. */
export function eventsIn(text: string): string[] {
  return [...new Set([...text.matchAll(new RegExp(EVENT.source, "g"))].map((one) => one[1]!.toUpperCase()))];
}

export function parseMarkdown(text: string): Block[] {
  const plain = text.replaceAll(TURNING, (letter) => `U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`);
  return blocks(plain.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n"), 0);
}

/**
 * The same, with headings that go down one step at a time, as those who hear a page need it: the first is of level 1.
 */
export function stepped(all: readonly Block[]): Block[] {
  let last = 0;
  const walk = (some: readonly Block[]): Block[] => some.map((block) => {
    if (block.kind === "heading") return { ...block, level: (last = Math.min(block.level, last + 1)) };
    if (block.kind === "quote") return { ...block, blocks: walk(block.blocks) };
    return block.kind === "list" ? { ...block, items: block.items.map(walk) } : block;
  });
  return walk(all);
}

function blocks(lines: readonly string[], depth: number): Block[] {
  const found: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (!line.trim()) {
      at++;
      continue;
    }
    const heading = HEADING.exec(line);
    if (FENCE.test(line)) at = fenced(lines, at, found);
    else if (heading) {
      found.push({ kind: "heading", level: heading[1]!.length, inside: inlines(heading[2] ?? "") });
      at++;
    } else if (RULE.test(line)) {
      found.push({ kind: "rule" });
      at++;
    } else if (depth < DEEPEST && /^\s{0,3}>/.test(line)) at = quoted(lines, at, found, depth);
    else if (depth < DEEPEST && ITEM.test(line)) at = listed(lines, at, found, depth);
    else if (line.includes("|") && DIVIDER.test(lines[at + 1] ?? "") && lines[at + 1]!.includes("-")) at = tabled(lines, at, found);
    else at = paragraph(lines, at, found, depth);
  }
  return found;
}

function fenced(lines: readonly string[], at: number, found: Block[]): number {
  const fence = FENCE.exec(lines[at]!)![1]!;
  const inside: string[] = [];
  for (at++; at < lines.length; at++) {
    const closing = FENCE.exec(lines[at]!)?.[1];
    if (closing && closing[0] === fence[0] && closing.length >= fence.length && lines[at]!.trim() === closing) return push(at + 1);
    inside.push(lines[at]!);
  }
  return push(at);
  function push(next: number): number {
    found.push({ kind: "code", text: inside.join("\n") });
    return next;
  }
}

function quoted(lines: readonly string[], at: number, found: Block[], depth: number): number {
  const inside: string[] = [];
  for (; at < lines.length && /^\s{0,3}>/.test(lines[at]!); at++) inside.push(lines[at]!.replace(/^\s{0,3}> ?/, ""));
  found.push({ kind: "quote", blocks: blocks(inside, depth + 1) });
  return at;
}

function listed(lines: readonly string[], at: number, found: Block[], depth: number): number {
  const first = ITEM.exec(lines[at]!)!;
  const isNumbered = first[3] !== undefined;
  const items: Block[][] = [];
  while (at < lines.length) {
    const mark = ITEM.exec(lines[at]!);
    if (!mark || (mark[3] !== undefined) !== isNumbered || RULE.test(lines[at]!)) break;
    const indent = mark[0].length;
    const inside = [lines[at]!.slice(indent)];
    for (at++; at < lines.length; at++) {
      const line = lines[at]!;
      const isDeeper = line.slice(0, Math.min(indent, 2)).trim() === "" && /^\s{2,}/.test(line);
      if (!line.trim()) {
        // A blank line stays in the item only if what follows does.
        if (!/^\s{2,}\S/.test(lines[at + 1] ?? "")) break;
      } else if (!isDeeper && (ITEM.test(line) || /^\s{0,3}(?:>|#|`{3})/.test(line))) break;
      inside.push(line.replace(new RegExp(`^\\s{0,${indent}}`), ""));
    }
    while (at < lines.length && !lines[at]!.trim()) at++;
    items.push(blocks(inside, depth + 1));
  }
  found.push({ kind: "list", start: isNumbered ? Number(first[3]) : undefined, items });
  return at;
}

function tabled(lines: readonly string[], at: number, found: Block[]): number {
  const head = cells(lines[at]!);
  const rows: Inline[][][] = [];
  for (at += 2; at < lines.length && lines[at]!.includes("|"); at++) {
    const row = cells(lines[at]!).slice(0, head.length);
    while (row.length < head.length) row.push([]);
    rows.push(row);
  }
  found.push({ kind: "table", head, rows });
  return at;
}

function cells(line: string): Inline[][] {
  const inside = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  // An escaped bar is a bar, in code too.
  return inside.split(/(?<!\\)\|/).map((cell) => inlines(cell.replaceAll("\\|", "|").trim()));
}

function paragraph(lines: readonly string[], at: number, found: Block[], depth: number): number {
  const inside = [lines[at]!];
  for (at++; at < lines.length; at++) {
    const line = lines[at]!;
    if (!line.trim() || FENCE.test(line) || HEADING.test(line) || RULE.test(line)) break;
    if (depth < DEEPEST && (/^\s{0,3}>/.test(line) || ITEM.test(line))) break;
    inside.push(line);
  }
  found.push({ kind: "paragraph", inside: inlines(inside.map((line) => line.trimStart()).join("\n")) });
  return at;
}

interface Open {
  readonly mark: string;
  readonly nodes: Inline[];
}

/** What stands in a line or several. */
export function inlines(text: string, inLink = false): Inline[] {
  const open: Open[] = [{ mark: "", nodes: [] }];
  const unclosed = new Set<number>();
  let plain = "";
  const here = (): Inline[] => open.at(-1)!.nodes;
  const flush = (): void => {
    if (plain) here().push({ kind: "text", text: plain });
    plain = "";
  };
  const add = (node: Inline): void => {
    flush();
    here().push(node);
  };
  /** Takes the marks above a depth for what they are if nothing closes them: text. */
  const fold = (depth: number): void => {
    flush();
    while (open.length > depth) {
      const top = open.pop()!;
      here().push({ kind: "text", text: top.mark }, ...top.nodes);
    }
  };
  const sticky = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };

  let at = 0;
  while (at < text.length) {
    const letter = text[at]!;
    let found: RegExpExecArray | null;
    if (letter === "\\" && ESCAPED.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else if (letter === "\n") {
      const isHard = /( {2}|\\)$/.test(plain);
      plain = plain.replace(/( +|\\)$/, "");
      // Given away a line at a time, so that only the last one is looked at here.
      if (isHard) add({ kind: "break" });
      else {
        plain += " ";
        flush();
      }
      at++;
    } else if (letter === "`") {
      const size = /^`+/.exec(text.slice(at, at + 64))![0].length;
      const end = unclosed.has(size) ? -1 : closing(text, at + size, size);
      if (end < 0) {
        unclosed.add(size);
        plain += "`".repeat(size);
        at += size;
      } else {
        const inside = text.slice(at + size, end).replaceAll("\n", " ");
        add({ kind: "code", text: /^ .*[^ ].* $|^ [^ ] $/.test(inside) ? inside.slice(1, -1) : inside });
        at = end + size;
      }
    } else if (letter === "[" && (found = sticky(EVENT, at))) {
      add({ kind: "event", id: found[1]!.toUpperCase() });
      at += found[0].length;
    } else if (!inLink && (letter === "[" || letter === "!") && (found = sticky(LINK, at)) && LEADS.test(found[2]!)) {
      add({ kind: "link", href: found[2]!, inside: inlines(found[1] || found[2]!, true) });
      at += found[0].length;
    } else if (!inLink && letter === "<" && (found = sticky(BARE, at))) {
      add({ kind: "link", href: found[1]!, inside: [{ kind: "text", text: found[1]! }] });
      at += found[0].length;
    } else if (letter === "&" && (found = sticky(ENTITY, at))) {
      plain += ENTITIES[found[1]!];
      at += found[0].length;
    } else if ((found = sticky(MARK, at))) {
      const mark = found[0];
      marked(mark, text[at - 1] ?? " ", text[at + mark.length] ?? " ");
      at += mark.length;
    } else {
      plain += letter;
      at++;
    }
  }
  fold(1);
  return open[0]!.nodes;

  function marked(mark: string, before: string, after: string): void {
    const inWord = mark[0] === "_" && WORD.test(before) && WORD.test(after);
    const depth = open.findLastIndex((one) => one.mark === mark);
    if (!inWord && depth > 0 && before.trim() !== "") {
      fold(depth + 1);
      const inside = open.pop()!.nodes;
      here().push({ kind: KINDS[mark]!, inside });
    } else if (!inWord && after.trim() !== "" && open.length <= DEEPEST) {
      flush();
      open.push({ mark, nodes: [] });
    } else plain += mark;
  }
}

/** Where a run of exactly so many backticks begins, from a place on; -1: nowhere. */
function closing(text: string, from: number, size: number): number {
  const ticks = /`+/g;
  ticks.lastIndex = from;
  for (let one = ticks.exec(text); one; one = ticks.exec(text)) if (one[0].length === size) return one.index;
  return -1;
}
