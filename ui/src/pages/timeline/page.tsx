import type { JSX } from "solid-js";

export default function Timeline(): JSX.Element {
  return <div class="page"><h1>Timeline</h1></div>;
}
