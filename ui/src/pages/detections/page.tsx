/** What patterns and rules found, which patterns there are, own ones, and Sigma rules that come along. */

import { lazy, Match, Suspense, Switch, type JSX } from "solid-js";
import { Waiting } from "~/widgets/states";
import { tabOf, Tabs, type Tab } from "~/widgets/tabs";
import { Found } from "./found";
import "./detections.css";

const Patterns = lazy(() => import("./patterns"));
const Editor = lazy(() => import("./editor"));
const Sigma = lazy(() => import("./sigma"));
const TABS: readonly Tab[] = [
  { id: "found", name: "What was found" }, { id: "patterns", name: "Patterns" }, { id: "own", name: "Own pattern" }, { id: "sigma", name: "Sigma rules" },
];

export default function Detections(): JSX.Element {
  const tab = tabOf(() => TABS);
  return (
    <div class="page detections-page">
      <header><h1>Detections</h1></header>
      <Tabs path="/detections" tabs={TABS} label="Parts of this page" />
      <Suspense fallback={<Waiting what="this part" />}>
        <Switch>
          <Match when={tab() === "patterns"}><Patterns /></Match>
          <Match when={tab() === "own"}><Editor /></Match>
          <Match when={tab() === "sigma"}><Sigma /></Match>
          <Match when={true}><Found /></Match>
        </Switch>
      </Suspense>
    </div>
  );
}
