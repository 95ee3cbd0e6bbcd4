/** How a case leaves: as a report for people, as copies, as a bundle that proves itself. */

import { Show, type JSX } from "solid-js";
import { may } from "~/state/session";
import { Empty } from "~/widgets/states";
import { Bundle } from "./bundle";
import { Copies } from "./copies";
import { Report } from "./report";

export default function HandOver(): JSX.Element {
  return (
    <Show when={may("evidence.export")} fallback={<Empty title="You may not take evidence out">Reports, copies and bundles need the permission evidence.export.</Empty>}>
      <div class="stack parts"><Bundle /><Report /><Copies /></div>
    </Show>
  );
}
