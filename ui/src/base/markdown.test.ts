import { expect, test } from "vitest";
import { eventsIn, inlines, parseMarkdown, stepped, type Block, type Inline } from "./markdown";

const ID = "01M8CCF4NAC9CV7R0AB3F36DYK";

/** A tree as one line, to read in a test. */
function said(inside: readonly Inline[]): string {
  return inside.map((one) => {
    if ("text" in one) return one.kind === "code" ? `<code ${one.text}>` : one.text;
    if (one.kind === "event") return `<event ${one.id}>`;
    if (one.kind === "break") return "<break>";
    return one.kind === "link" ? `<link ${one.href} ${said(one.inside)}>` : `<${one.kind} ${said(one.inside)}>`;
  }).join("");
}

function shape(blocks: readonly Block[]): string {
  return blocks.map((one): string => {
    if (one.kind === "rule") return "rule";
    if (one.kind === "code") return `code(${one.text})`;
    if (one.kind === "quote") return `quote(${shape(one.blocks)})`;
    if (one.kind === "list") return `${one.start === undefined ? "ul" : `ol${one.start}`}(${one.items.map(shape).join(" / ")})`;
    if (one.kind === "table") return `table(${[one.head, ...one.rows].map((row) => row.map(said).join("|")).join(" / ")})`;
    return `${one.kind === "heading" ? `h${one.level}` : "p"}(${said(one.inside)})`;
  }).join(" ");
}

test.each([
  ["plain *em* and **strong _both_**", "plain <em em> and <strong strong <em both>>"],
  ["snake_case_stays and 2 * 3 * 4", "snake_case_stays and 2 * 3 * 4"],
  ["**never closed and *this*", "**never closed and <em this>"],
  ["`a * b` and ``c ` d``", "<code a * b> and <code c ` d>"],
  ["`never closed", "`never closed"],
  ["\\*not\\* \\[so\\] a\\b", "*not* [so] a\\b"],
  ["[site](https://example.org/a?b=c) <mailto:a@example.org>", "<link https://example.org/a?b=c site> <link mailto:a@example.org mailto:a@example.org>"],
  ["[x](javascript:alert(1)) ![p](https://example.org/p.png)", "[x](javascript:alert(1)) <link https://example.org/p.png p>"],
  ["[x](data:text/html,hi)", "[x](data:text/html,hi)"],
  ["<img src=x onerror=alert(1)> &lt;b&gt;", "<img src=x onerror=alert(1)> <b>"],
  [`saw [[event:${ID.toLowerCase()}.12]] and [[event:short]]`, `saw <event ${ID}.12> and [[event:short]]`],
  ["one  \ntwo\nthree", "one<break>two three"],
])("%s", (text, expected) => {
  expect(said(inlines(text))).toBe(expected);
});

test("blocks, one in another", () => {
  const text = `# Title #\n\nA line\nand more\n\n> quoted\n> - item\n\n- one\n  - inner\n- two\n\n3. three\n4. four\n\n---\n\n\`\`\`sh\n*x*\n\`\`\`\n`;
  expect(shape(parseMarkdown(text))).toBe("h1(Title) p(A line and more) quote(p(quoted) ul(p(item))) ul(p(one) ul(p(inner)) / p(two)) ol3(p(three) / p(four)) rule code(*x*)");
});

test("headings go down a step at a time, whatever was written", () => {
  expect(shape(stepped(parseMarkdown("## a\n\n#### b\n\n> ###### c\n\n# d\n\n### e")))).toBe("h1(a) h2(b) quote(h3(c)) h1(d) h2(e)");
});

test("tables, with bars in their cells", () => {
  expect(shape(parseMarkdown("| a | b |\n|---|---|\n| `x\\|y` | *z* |\n| 1 |\n\nafter"))).toBe("table(a|b / <code x|y>|<em z> / 1|) p(after)");
});

test("a fence that is longer holds shorter ones, one that is open ends with the text", () => {
  expect(shape(parseMarkdown("````\n```\n````\n```\nopen"))).toBe("code(```) code(open)");
});

test("letters that turn others about are seen", () => {
  expect(shape(parseMarkdown("safe\u202egpj.exe"))).toBe("p(safeU+202Egpj.exe)");
});

test("events of a text, each once", () => {
  expect(eventsIn(`[[event:${ID}]] [[event:${ID.toLowerCase()}]] [[event:${ID}.3]]`)).toEqual([ID, `${ID}.3`]);
});

test("what is deep or never closed is still read", () => {
  for (const part of ["*", "_a", "`", "[", "[a](", "> ", "- ", "![[", "~~a", "|", "<http://"]) {
    expect(parseMarkdown(part.repeat(2000)).length).toBeGreaterThan(0);
    expect(parseMarkdown(`${part}\n`.repeat(2000)).length).toBeGreaterThan(0);
  }
});
