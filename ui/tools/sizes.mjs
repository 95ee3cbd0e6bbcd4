// Holds the weight of what a browser loads: scripts before the first paint, and each page loaded later, in gzip.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FIRST_KB = 120;
const PAGE_KB = 60;
const out = process.argv[2] ?? new URL("../../src/vestige/web/static", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(out, ".vite", "manifest.json"), "utf8"));
const kb = (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length / 1000;

function whole(key, seen = new Set()) {
  if (!seen.has(key)) {
    seen.add(key);
    for (const one of manifest[key].imports ?? []) whole(one, seen);
  }
  return seen;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = whole(entry);
// What is painted first is the timeline: its page loads before there is anything to see.
const timeline = Object.keys(manifest).find((key) => key.endsWith("pages/timeline/page.tsx"));
for (const key of whole(timeline)) first.add(key);
const sum = (keys) => [...keys].reduce((all, key) => all + kb(manifest[key].file), 0);
let wrong = 0;
const say = (name, size, most) => {
  if (size > most) wrong++;
  console.log(`${size > most ? "TOO BIG " : ""}${name}: ${size.toFixed(1)} KB of ${most}`);
};
say("before the first paint", sum(first), FIRST_KB);
for (const key of Object.keys(manifest)) {
  if (manifest[key].isDynamicEntry && key !== timeline) say(key, sum([...whole(key)].filter((one) => !first.has(one))), PAGE_KB);
}
process.exit(wrong ? 1 : 0);
