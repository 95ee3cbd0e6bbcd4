/** What must hold of commits: the policies in force, what they said of pushes, trying them out, and what is let be. */

import { Match, Switch, type JSX } from "solid-js";
import { may } from "~/state/session";
import { Tabs, tabOf, type Tab } from "~/widgets/tabs";
import { Decisions } from "./decisions";
import { InForce } from "./in-force";
import { Try } from "./try";
import { Waivers } from "./waivers";
import "~/styles/lists.css";
import "./policies.css";

const tabs = (): Tab[] => [
  { id: "policies", name: "In force" },
  { id: "decisions", name: "Decisions" },
  ...(may("code.read") ? [{ id: "try", name: "Write and try" }] : []),
  { id: "waivers", name: "Waivers" },
];

export default function Policies(): JSX.Element {
  const tab = tabOf(tabs);
  return (
    <div class="page policies-page">
      <header><h1>Policies</h1></header>
      <Tabs path="/agents/policies" tabs={tabs()} label="Parts of this page" />
      <Switch>
        <Match when={tab() === "policies"}><InForce /></Match>
        <Match when={tab() === "decisions"}><Decisions /></Match>
        <Match when={tab() === "try"}><Try /></Match>
        <Match when={tab() === "waivers"}><Waivers /></Match>
      </Switch>
    </div>
  );
}
