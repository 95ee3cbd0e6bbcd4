/** Where evidence comes from: what each source holds, taking files in, what listens, and what comes in just now. */

import { useSearchParams } from "@solidjs/router";
import { Match, Show, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { coming } from "~/state/uploads";
import { Failed } from "~/widgets/states";
import { Tabs, tabOf, type Tab } from "~/widgets/tabs";
import { SourceList } from "./list";
import { Live } from "./live";
import { One } from "./one";
import { Receivers } from "./receivers";
import { Add } from "./add";
import "./sources.css";

const waiting = (): number => coming.filter((one) => one.stage !== "done").length;

const tabs = (): Tab[] => [
  ...(may("evidence.read") ? [{ id: "list", name: "Sources" }] : []),
  ...(may("evidence.write") ? [{ id: "add", name: "Add files", note: waiting() ? String(waiting()) : undefined }] : []),
  { id: "receivers", name: "Send to this server" },
  ...(may("evidence.read") || may("evidence.read_own") ? [{ id: "live", name: "Live" }] : []),
];

export default function Sources(): JSX.Element {
  const [search] = useSearchParams<{ source?: string }>();
  const tab = tabOf(tabs);
  const found = load(
    () => (may("evidence.read") && tab() === "list") || undefined,
    () => held(api.GET("/v1/sources")),
  );
  return (
    <div class="page sources-page">
      <Show when={search.source} fallback={<h1>Sources</h1>}>{(name) => <One name={name()} />}</Show>
      <Show when={!search.source}>
        <Tabs path="/sources" tabs={tabs()} label="Parts of this page" />
        <Switch>
          <Match when={tab() === "list"}>
            <Show when={!found.error()} fallback={<Failed error={found.error()} retry={() => void found.again()} />}>
              <SourceList found={found.value()} />
            </Show>
          </Match>
          <Match when={tab() === "add"}><Add /></Match>
          <Match when={tab() === "receivers"}><Receivers /></Match>
          <Match when={tab() === "live"}><Live /></Match>
        </Switch>
      </Show>
    </div>
  );
}
