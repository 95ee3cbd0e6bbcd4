import { A } from "@solidjs/router";
import type { JSX } from "solid-js";
import { Empty } from "~/widgets/states";

export default function Unknown(): JSX.Element {
  return <Empty title="There is no such page">A link may be cut, or of another version. <A href="/timeline">To the timeline</A></Empty>;
}
