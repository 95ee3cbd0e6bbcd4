/** How a push ended, in words before colour. */

import type { JSX } from "solid-js";
import type { End } from "./worst";

const WORDS: Record<End, string> = { passed: "✓ passed", warned: "! warned", blocked: "✗ blocked", undecided: "? undecided, blocked" };

export function Ended(props: { of: End }): JSX.Element {
  return <span class="nowrap" classList={{ good: props.of === "passed", warn: props.of === "warned", bad: props.of === "blocked" || props.of === "undecided" }}>{WORDS[props.of]}</span>;
}
