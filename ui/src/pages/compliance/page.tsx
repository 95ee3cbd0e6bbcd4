/** What the mode in force asks for and what is there, the acts of a period, and the pack of them. Never a verdict. */

import { Match, Show, Switch, type JSX } from "solid-js";
import { may } from "~/state/session";
import { Tabs, tabOf, type Tab } from "~/widgets/tabs";
import { Period } from "./period";
import { Standing } from "./standing";
import "~/styles/lists.css";
import "./compliance.css";

const tabs = (): Tab[] => [
  ...(may("status.read") ? [{ id: "standing", name: "Mode and standing" }] : []),
  ...(may("audit.read") ? [{ id: "period", name: "Evidence of a period" }] : []),
];

export default function Compliance(): JSX.Element {
  return (
    <div class="page compliance-page">
      <header><h1>Compliance</h1><span class="quiet">Evidence for what a mode asks for. Whether anybody complies with anything is for whoever is asked to judge it.</span></header>
      <Show when={tabs().length} fallback={<p>To see how the mode stands needs status.read; the acts of a period need audit.read. You have neither.</p>}><Parts /></Show>
    </div>
  );
}

function Parts(): JSX.Element {
  const tab = tabOf(tabs);
  return (
    <>
      <Tabs path="/compliance" tabs={tabs()} label="Parts of this page" />
      <Switch>
        <Match when={tab() === "standing"}><Standing /></Match>
        <Match when={tab() === "period"}><Period /></Match>
      </Switch>
    </>
  );
}
