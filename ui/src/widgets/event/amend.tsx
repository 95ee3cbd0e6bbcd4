/** Says what a record should say: an entry that stands beside what it corrects, and replaces nothing. */

import { createMemo, createSignal, For, Index, Show, type JSX } from "solid-js";
import { api } from "~/api/client";
import { tell } from "~/state/notices";
import { FormDialog } from "~/widgets/form-dialog";
import { Icon } from "~/widgets/icon";
import { Reason, why } from "~/widgets/reason";
import { count } from "~/widgets/text";
import { corrects, LONGEST, prefilled } from "./correction";
import { amendable } from "./fields";
import type { Detail } from "./shape";

interface Correction {
  readonly name: string;
  readonly value: string;
}

/** As many fields as one amendment may be of. */
const MOST = 32;
const BLANK: Correction = { name: "", value: "" };

export function AmendDialog(props: { event: Detail; entry: string; close: () => void; changed: () => void }): JSX.Element {
  const choices = createMemo(() => amendable(props.event));
  const says = createMemo(() => new Map(choices().flatMap((group) => group.fields).map((one) => [one.name, one.value])));
  const [rows, setRows] = createSignal<readonly Correction[]>([BLANK]);
  const [said, setSaid] = why();
  const put = (at: number, row: Correction): void => void setRows((there) => there.map((one, i) => (i === at ? row : one)));
  const isReady = (): boolean => said().reason !== "" && rows().every((row) => row.name !== "" && corrects(says().get(row.name), row.value));
  const isTaken = (name: string, at: number): boolean => rows().some((row, i) => i !== at && row.name === name);

  async function send(): Promise<void> {
    const set = Object.fromEntries(rows().map((row) => [row.name, row.value]));
    await api.POST("/v1/events/{event_id}/amendments", { params: { path: { event_id: props.entry } }, body: { set, ...said() } });
    tell("Amended. What it should say stands beside what it says.", "good");
    props.changed();
  }
  return (
    <FormDialog title="Amend this record" verb="Amend it" close={props.close} act={send} isReady={isReady()} note="It is an entry of the ledger, under your name.">
      <p>Says what the record should say, beside what it says, in every view and export. The record stays as it was taken in; searches and detections go by what it says.</p>
      <div class="corrections">
        <Index each={rows()}>
          {(row, at) => (
            <div class="correction">
              <label>
                <span class="label">Field</span>
                <select class="field mono" required autofocus={at === 0} value={row().name} onChange={(event) => put(at, { name: event.currentTarget.value, value: prefilled(says().get(event.currentTarget.value)) })}>
                  <option value="" disabled>choose one</option>
                  <For each={choices()}>
                    {(group) => <optgroup label={group.name}><For each={group.fields}>{(one) => <option value={one.name} disabled={isTaken(one.name, at)}>{one.name}</option>}</For></optgroup>}
                  </For>
                </select>
              </label>
              <label>
                <span class="label">As it should read</span>
                <textarea class="field mono" rows="1" maxlength={LONGEST} disabled={!row().name} value={row().value} onInput={(event) => put(at, { ...row(), value: event.currentTarget.value })} />
              </label>
              <Show when={rows().length > 1} fallback={<span />}>
                <button type="button" class="button bare icon" aria-label={`Leave out ${row().name || "this field"}`} title="Leave this field out" onClick={() => setRows((there) => there.filter((_, i) => i !== at))}><Icon name="close" size={12} /></button>
              </Show>
              <Show when={row().name}>
                <p class="said quiet">It says <Show when={says().get(row().name)} fallback="nothing there.">{(value) => <span class="mono">{value()}</span>}</Show></p>
                <Show when={(says().get(row().name)?.length ?? 0) > LONGEST}><p class="said quiet">That is {count(says().get(row().name)!.length)} letters, and an amendment takes {count(LONGEST)}: write all that it should say.</p></Show>
              </Show>
            </div>
          )}
        </Index>
        <Show when={rows().length < MOST}><p><button type="button" class="button" disabled={!rows().every((row) => row.name)} onClick={() => setRows((there) => [...there, BLANK])}><Icon name="plus" />Another field</button></p></Show>
      </div>
      <Reason codes={["wrong_name", "wrong_clock", "wrong_host", "misread"]} why={said()} set={setSaid} />
    </FormDialog>
  );
}
