/** The icons, as strokes on a square of 16. */

import type { JSX } from "solid-js";

const PATHS = {
  timeline: "M2 13h12M4 13V8M7 13V4M10 13V6M13 13V9",
  entities: "M5 5a2 2 0 1 0 .01 0M11.5 9.5a2 2 0 1 0 .01 0M4.5 12.5a1.5 1.5 0 1 0 .01 0M6.6 7.6l3.2 2.6M5 9v2.6",
  detections: "M8 2l6 11H2zM8 6v3.5M8 11.2v.3",
  replay: "M5 3.5v9l7-4.5z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  cases: "M2 5h12v8H2zM6 5V3h4v2",
  sources: "M8 2c3.3 0 6 .9 6 2s-2.7 2-6 2-6-.9-6-2 2.7-2 6-2zM2 4v8c0 1.1 2.7 2 6 2s6-.9 6-2V4M2 8c0 1.1 2.7 2 6 2s6-.9 6-2",
  integrity: "M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM5.5 8l2 2 3-3.5",
  compliance: "M3 2h10v12H3zM5.5 6l1 1 1.5-2M9.5 6h1.5M5.5 10.5l1 1 1.5-2M9.5 10.5h1.5",
  verify: "M3 2h7l3 3v9H3zM5.5 9l2 2 3-3.5",
  sessions: "M2 3h12v8H7l-3 3v-3H2zM5 7h.01M8 7h.01M11 7h.01",
  commits: "M8 5.5a2.5 2.5 0 1 0 .01 0M8 1v4.5M8 10.5V15",
  policies: "M4 2h8v12H4zM6 5h4M6 8h4M6 11h2",
  analytics: "M2 14h12M4 11V8M8 11V4M12 11V6",
  code: "M5 4L1.5 8 5 12M11 4l3.5 4-3.5 4M9.5 2.5l-3 11",
  settings: "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 3v3M5.5 10v3",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0M10.3 10.3L14 14",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  menu: "M2 4h12M2 8h12M2 12h12",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  up: "M3 10l5-5 5 5",
  down: "M3 6l5 5 5-5",
  pin: "M6 2h4l-.5 4L12 8.5v1H4v-1L6.5 6zM8 9.5V14",
  plus: "M8 3v10M3 8h10",
  sun: "M8 5a3 3 0 1 0 .01 0M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  question: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.2",
  out: "M9 3H3v10h6M7 8h7M11.5 5.5L14 8l-2.5 2.5",
  copy: "M5 5V2h9v9h-3M2 5h9v9H2z",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 0 1 3 8.5L4.5 7",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside words, or one that says what its button is for in the button's own label. */
export function Icon(props: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg
      width={props.size ?? 16} height={props.size ?? 16} viewBox="0 0 16 16" fill="none" stroke="currentColor"
      stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
    >
      <path d={PATHS[props.name]} />
    </svg>
  );
}
