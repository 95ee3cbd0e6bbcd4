/** What is said of a source: its zone, year, clock offset with evidence, format; and saying it. Records stay as they came. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { may } from "~/state/session";
import { tell } from "~/state/notices";
import { createWork } from "~/widgets/running";
import { count, Time } from "~/widgets/text";
import type { Source } from "./list";

interface Report {
  readonly source: Source;
  readonly changed: null | { readonly events: number; readonly added: number; readonly removed: number; readonly fields: Record<string, { rows: number; examples: readonly { id?: string; before: unknown; after: unknown }[] }> };
}

const NAMES = [
  ["zone", "Zone of stamps that state none", "Europe/Berlin, +02:00"],
  ["year", "Year of stamps that state none", "2026"],
  ["clock_offset", "Clock offset: what is added to its times", "-1.5s, +2h"],
  ["evidence", "Events that show the offset, by id", "01K…, 01K…"],
  ["because", "Why, in words", "NTP was off until May"],
  ["date_order", "Order of ambiguous dates", "dmy or mdy"],
  ["format", "Read as", "syslog"],
] as const;
type Name = (typeof NAMES)[number][0];

export function Said(props: { of: Source; said: (now: Source) => void }): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  const [report, setReport] = createSignal<Report>();
  const [fields, setFields] = createSignal<Partial<Record<Name, string>>>({});
  const work = createWork<Report>();
  const now = (name: Name): string => {
    const value = props.of.settings[name];
    return Array.isArray(value) ? value.join(", ") : value === undefined ? "" : String(value);
  };
  const typed = (name: Name): string => fields()[name] ?? now(name);

  async function say(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const changed = NAMES.map(([name]) => name).filter((name) => typed(name).trim() !== now(name));
    const offset = changed.some((name) => name === "clock_offset" || name === "evidence" || name === "because");
    const body: Record<string, unknown> = {};
    const unset = changed.filter((name) => !typed(name).trim() && name !== "evidence" && name !== "because");
    for (const name of changed) if (typed(name).trim() && !["clock_offset", "evidence", "because"].includes(name)) body[name] = name === "year" ? Number(typed(name)) : typed(name).trim();
    if (offset && typed("clock_offset").trim()) {
      body["clock_offset"] = typed("clock_offset").trim();
      body["evidence"] = typed("evidence").split(/[\s,]+/).filter(Boolean);
      if (typed("because").trim()) body["because"] = typed("because").trim();
    }
    if (unset.length) body["unset"] = unset;
    if (!Object.keys(body).length) return setOpen(false) as unknown as void;
    const found = await work.run(`/v1/sources/${encodeURIComponent(props.of.name)}`, body);
    if (!found) return;
    setReport(found);
    setFields({});
    setOpen(false);
    props.said(found.source);
    tell(found.changed ? `Said, and computed anew: ${count(found.changed.events)} events changed.` : "All of it held already; nothing changed.", "good");
  }

  return (
    <section class="panel">
      <header>
        <h2 class="spread">What is said of it</h2>
        <Show when={may("sources.manage") && !isOpen()}><button class="button" onClick={() => setOpen(true)}>Change</button></Show>
      </header>
      <div class="body stack">
        <Show
          when={isOpen()}
          fallback={
            <Show when={Object.keys(props.of.settings).length} fallback={<p class="quiet">Nothing: its times are read as they stand, stamps without a zone as UTC, and marked as assumed.</p>}>
              <dl class="facts">
                <For each={NAMES.filter(([name]) => now(name))}>
                  {([name, label]) => (
                    <>
                      <dt>{label}</dt>
                      <dd class={name === "because" ? "" : "mono"}>
                        <Show when={name === "evidence"} fallback={now(name)}>
                          <For each={props.of.settings.evidence}>{(id) => <><A href={`/events/${id}`}>{id}</A> </>}</For>
                        </Show>
                      </dd>
                    </>
                  )}
                </For>
              </dl>
            </Show>
          }
        >
          <form class="stack" onSubmit={(event) => void say(event)}>
            <div class="fields">
              <For each={NAMES}>
                {([name, label, example]) => (
                  <label><span class="label">{label}</span><input class="field" name={name} placeholder={example} value={typed(name)} onInput={(event) => setFields({ ...fields(), [name]: event.currentTarget.value })} /></label>
                )}
              </For>
            </div>
            <p class="quiet">It is an entry of the ledger, with what was said before. The records stay as they came; every view is computed anew by it. An offset rests on events that show it, or on words. An emptied field no longer holds.</p>
            <div class="row">
              <button class="button primary" disabled={work.isRunning()}>Say it</button>
              <button type="button" class="button" disabled={work.isRunning()} onClick={() => { setFields({}); setOpen(false); }}>Cancel</button>
              <work.View what="Computing the index anew" />
            </div>
          </form>
        </Show>
        <Show when={report()?.changed}>
          {(changed) => (
            <div class="stack tight">
              <strong>{count(changed().events)} events changed</strong>
              <For each={Object.entries(changed().fields)}>
                {([field, one]) => (
                  <div class="quiet">
                    <span class="mono">{field}</span>: {count(one.rows)}
                    <For each={one.examples.slice(0, 2)}>{(example) => <span>, such as <Value of={example.before} /> now <Value of={example.after} /></span>}</For>
                  </div>
                )}
              </For>
            </div>
          )}
        </Show>
      </div>
    </section>
  );
}

function Value(props: { of: unknown }): JSX.Element {
  return <Show when={typeof props.of === "string" && /^\d{4}-\d\d-\d\dT/.test(props.of)} fallback={<span class="mono">{String(props.of).slice(0, 60)}</span>}><Time at={props.of as string} /></Show>;
}
