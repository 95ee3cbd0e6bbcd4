// Holds the direction of imports: a folder of src/ imports those named before it, a page never another page.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ORDER = ["base", "styles", "api", "state", "canvas", "widgets", "pages", "app"];
const MOST_LINES = 500;
const src = fileURLToPath(new URL("../src", import.meta.url));

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (/\.tsx?$/.test(name) && !name.endsWith(".d.ts")) yield path;
  }
}

const wrong = [];
let seen = 0;
for (const path of files(src)) {
  const [room, page] = relative(src, path).split(sep);
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n").length;
  if (lines > MOST_LINES) wrong.push(`${relative(src, path)} has ${lines} lines; ${MOST_LINES} at most`);
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"~\/([^"]+)"/g)) {
    seen++;
    const [to, toPage] = target.split("/");
    if (!ORDER.includes(to)) wrong.push(`${relative(src, path)} imports ~/${target}: there is no folder ${to}`);
    else if (ORDER.indexOf(to) > ORDER.indexOf(room) && room !== "app") wrong.push(`${relative(src, path)} imports ~/${target}: ${room} stands below ${to}`);
    else if (room === "pages" && to === "pages" && page !== toPage) wrong.push(`${relative(src, path)} imports ~/${target}: a page never imports another`);
  }
  for (const [, target] of text.matchAll(/from\s+"(\.\.[^"]*)"/g)) wrong.push(`${relative(src, path)} imports ${target}: write ~/… outside of a folder`);
}
if (seen === 0) wrong.push("no import was seen: this check looks in the wrong place");
for (const line of wrong) console.error(line);
process.exit(wrong.length ? 1 : 0);
