/** Whom the case is about, and what others should look for. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { quoted } from "~/base/query";
import type { CaseItem } from "~/api/cases";
import { may } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { Icon } from "~/widgets/icon";
import { Table } from "~/widgets/table";
import { copy } from "~/widgets/text";
import { useCase } from "./context";
import { CopyButton } from "./copies";
import { ItemForm, type FieldOf } from "./form";
import { itemsOf, withItem } from "./items";
import { TakeAway, Written } from "./written";

type Kind = "indicator" | "entity";
const TYPES: Record<Kind, readonly string[]> = {
  indicator: ["ipv4", "ipv6", "domain", "url", "email", "user", "file", "md5", "sha1", "sha256", "sha512"],
  entity: ["identity", "ip", "host", "device", "session", "token", "hash", "commit", "custom"],
};
const SAID: Record<Kind, readonly [string, string, string]> = {
  indicator: ["Indicators", "Add an indicator", "What others should look for: addresses, names, digests."],
  entity: ["Entities", "Add an entity", "Whom and what the case is about, as the system correlates them."],
};

const fieldsOf = (kind: Kind): readonly FieldOf[] => [
  { name: "type", label: "Type", kind: "choice", options: TYPES[kind] },
  { name: "value", label: "Value", kind: "line", required: true },
  { name: "text", label: "What of it", kind: "text" },
];

export default function Named(): JSX.Element {
  return (
    <>
      <Show when={may("evidence.export")}>
        <p class="row"><CopyButton shape="stix" name="Both as STIX 2.1" /><span class="quiet">Sessions, tokens, devices, commits and custom keys have no object in STIX and are left out. A copy is an entry of the ledger.</span></p>
      </Show>
      <For each={["indicator", "entity"] as const}>{(kind) => <Part kind={kind} />}</For>
    </>
  );
}

function Part(props: { kind: Kind }): JSX.Element {
  const { isOpen, refresh } = useCase();
  const kind = props.kind;
  const list = itemsOf(kind);
  const [editing, setEditing] = createSignal<CaseItem | "new">();
  const put = (item: CaseItem): void => { list.set(withItem(list.value(), item)); refresh(); };
  // Where an entity's events are; an indicator is looked for as words, whatever field it stands in.
  const search = (item: CaseItem): string => (kind === "entity" ? `key:${item.type}=${quoted(item.value ?? "")}` : quoted(item.value ?? ""));
  return (
    <section class="stack">
      <div class="row">
        <h2>{SAID[kind][0]}</h2><span class="quiet spread">{SAID[kind][2]}</span>
        <Show when={isOpen()}><button class="button" onClick={() => setEditing("new")}><Icon name="plus" />{SAID[kind][1]}</button></Show>
      </div>
      <Answer of={list} what={SAID[kind][0].toLowerCase()}>
        {(found) => (
          <Show when={found().length} fallback={<p class="faint">There is none yet.</p>}>
            <Table
              label={SAID[kind][0]} each={found()}
              head={<><th scope="col">Type</th><th scope="col">Value</th><th scope="col">What of it</th><th scope="col">Said</th><th scope="col"><span class="visually-hidden">Change</span></th></>}
            >
              {(item) => (
                <tr>
                  <td class="nowrap">{item.type}</td>
                  <td><button class="digest mono" title="Copy" onClick={() => void copy(item.value ?? "")}>{item.value}</button></td>
                  <td class="prose">{item.text}</td>
                  <td class="nowrap"><Written of={item} /></td>
                  <td class="nowrap">
                    <A class="button compact" href={`/timeline?q=${encodeURIComponent(search(item))}`}>Look for it</A>{" "}
                    <Show when={isOpen()}>
                      <button class="button compact" onClick={() => setEditing(item)}>Edit</button>{" "}
                      <TakeAway of={item} name={item.value ?? "this"} done={() => { list.set(found().filter((each) => each.id !== item.id)); refresh(); }} />
                    </Show>
                  </td>
                </tr>
              )}
            </Table>
          </Show>
        )}
      </Answer>
      <More of={list} />
      <Show when={editing()}>
        {(item) => <ItemForm kind={kind} title={item() === "new" ? SAID[kind][1] : `Edit ${item() === "new" ? "" : (item() as CaseItem).value}`} fields={fieldsOf(kind)} of={item() === "new" ? undefined : (item() as CaseItem)} done={put} close={() => setEditing()} />}
      </Show>
    </section>
  );
}
