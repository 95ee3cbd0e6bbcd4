/** Whether what is kept is what came: checkpoints, verification, keys, jobs, anchors, holds, retention, archives, acts. */

import { Match, Show, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Tabs, tabOf, type Tab } from "~/widgets/tabs";
import { Anchors } from "./anchors";
import { Archives } from "./archives";
import { Audit } from "./audit";
import { Holds } from "./holds";
import { Jobs } from "./jobs";
import { LedgerTab } from "./ledger";
import { RetentionTab } from "./retention";
import "./integrity.css";

const tabs = (): Tab[] => [
  ...(may("ledger.read") ? [{ id: "ledger", name: "Ledger" }, { id: "anchors", name: "Witnesses and time stamps" }] : []),
  ...(may("status.read") ? [{ id: "jobs", name: "Jobs" }] : []),
  ...(may("evidence.read") ? [{ id: "holds", name: "Holds" }] : []),
  ...(may("status.read") ? [{ id: "retention", name: "Retention" }, { id: "archives", name: "Archives" }] : []),
  ...(may("audit.read") ? [{ id: "audit", name: "Audit trail" }] : []),
];

export default function Integrity(): JSX.Element {
  return (
    <div class="page integrity-page">
      <header><h1>Integrity</h1><Show when={may("ledger.read")}><Verdict /></Show></header>
      <Show when={tabs().length} fallback={<p>To see the ledger, its jobs or its audit trail needs ledger.read, status.read, evidence.read or audit.read. You have none of them.</p>}>
        <Parts />
      </Show>
    </div>
  );
}

function Parts(): JSX.Element {
  const tab = tabOf(tabs);
  return (
    <>
      <Tabs path="/integrity" tabs={tabs()} label="Parts of this page" />
      <Switch>
        <Match when={tab() === "ledger"}><LedgerTab /></Match>
        <Match when={tab() === "anchors"}><Anchors /></Match>
        <Match when={tab() === "jobs"}><Jobs /></Match>
        <Match when={tab() === "holds"}><Holds /></Match>
        <Match when={tab() === "retention"}><RetentionTab /></Match>
        <Match when={tab() === "archives"}><Archives /></Match>
        <Match when={tab() === "audit"}><Audit /></Match>
      </Switch>
    </>
  );
}

const SAID = { good: "All that was verified is as it was taken in", failed: "A verification failed: see Jobs for which, and why", unknown: "Nothing was verified yet" } as const;

/** What the last verifications found, in words before colour. */
function Verdict(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/integrity")));
  return (
    <Show when={!found.error() && found.value()}>
      {(one) => (
        <>
          <span classList={{ good: one().verdict === "good", bad: one().verdict === "failed", quiet: one().verdict === "unknown" }}>
            {one().verdict === "good" ? "✓ " : one().verdict === "failed" ? "✗ " : ""}{SAID[one().verdict]}
          </span>
          <Show when={!one().alarm}><span class="quiet" title="VESTIGE_ALARM_URL">No alarm is set: a failure is told here and by the command line only.</span></Show>
        </>
      )}
    </Show>
  );
}
