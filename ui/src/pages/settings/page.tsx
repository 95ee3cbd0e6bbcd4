/** People, keys, what the tenant's custody asks for, prices, bounds in force, and what this browser remembers. */

import { Match, Switch, type JSX } from "solid-js";
import { may } from "~/state/session";
import { Tabs, tabOf, type Tab } from "~/widgets/tabs";
import { Browser } from "./browser";
import { Keys } from "./keys";
import { Limits } from "./limits";
import { People } from "./people";
import { Prices } from "./prices";
import { TenantTab } from "./tenant";
import "./settings.css";

const tabs = (): Tab[] => [
  ...(may("people.manage") ? [{ id: "people", name: "People" }] : []),
  ...(may("keys.manage") ? [{ id: "keys", name: "Keys" }] : []),
  ...(may("evidence.read") ? [{ id: "tenant", name: "Tenant" }] : []),
  ...(may("evidence.read") ? [{ id: "prices", name: "Prices" }] : []),
  ...(may("status.read") ? [{ id: "limits", name: "Limits" }] : []),
  { id: "browser", name: "This browser" },
];

export default function Settings(): JSX.Element {
  const tab = tabOf(tabs);
  return (
    <div class="page settings-page">
      <header><h1>Settings</h1><span class="spread" /><a class="button" href="/ui/login/device" rel="external">Let a program in</a></header>
      <Tabs path="/settings" tabs={tabs()} label="Parts of this page" />
      <Switch>
        <Match when={tab() === "people"}><People /></Match>
        <Match when={tab() === "keys"}><Keys /></Match>
        <Match when={tab() === "tenant"}><TenantTab /></Match>
        <Match when={tab() === "prices"}><Prices /></Match>
        <Match when={tab() === "limits"}><Limits /></Match>
        <Match when={tab() === "browser"}><Browser /></Match>
      </Switch>
    </div>
  );
}
