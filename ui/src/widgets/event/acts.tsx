/** What can be done with the event: pin it to a case, hold it, amend it, redact it. Each only for who may. */

import { createEffect, createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { term } from "~/base/query";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { FormDialog } from "~/widgets/form-dialog";
import { Icon } from "~/widgets/icon";
import { PinDialog } from "~/widgets/pin";
import { Reason, why } from "~/widgets/reason";
import { AmendDialog } from "./amend";
import { groupsOf } from "./fields";
import { setToPin, toPin } from "./keys";
import { Working } from "./lift";
import type { Detail } from "./shape";
import { work } from "./working";

interface Props {
  event: Detail;
  changed: () => void;
}

export function Acts(props: Props): JSX.Element {
  const [open, setOpen] = createSignal<"pin" | "hold" | "amend" | "redact">();
  const close = (): void => void setOpen();
  const entry = (): string => props.event.id.slice(0, 26);
  createEffect(() => may("cases.write") && toPin() === props.event.id && (setToPin(), setOpen("pin")));
  const isHidden = (): boolean => props.event.redacted?.some((one) => !one.fields) ?? false;
  const isThere = (): boolean => !props.event.erased && !isHidden();
  return (
    <>
      <Show when={may("cases.write")}><button class="button" title="Pin this event to a case (P)" onClick={() => setOpen("pin")}><Icon name="pin" />Pin</button></Show>
      <Show when={may("holds.write")}><button class="button" title="Keep this record from being erased" onClick={() => setOpen("hold")}>Hold</button></Show>
      <Show when={may("evidence.amend") && isThere()}><button class="button" title="Say what this record should say" onClick={() => setOpen("amend")}>Amend</button></Show>
      <Show when={may("evidence.redact") && isThere()}><button class="button" title="Hide what this record says" onClick={() => setOpen("redact")}>Redact</button></Show>
      <Show when={open() === "pin"}><PinDialog events={[props.event.id]} close={close} done={props.changed} /></Show>
      <Show when={open() === "hold"}><HoldDialog {...props} entry={entry()} close={close} /></Show>
      <Show when={open() === "amend"}><AmendDialog {...props} entry={entry()} close={close} /></Show>
      <Show when={open() === "redact"}><RedactDialog {...props} entry={entry()} close={close} /></Show>
    </>
  );
}

function HoldDialog(props: Props & { entry: string; close: () => void }): JSX.Element {
  const [said, setSaid] = why();
  const [expires, setExpires] = createSignal("");
  async function send(): Promise<void> {
    const made = (await held(api.POST("/v1/holds", { body: { ...said(), q: term("id", props.entry), expires: expires() } as never }))) as unknown as { id: string; entries: number };
    tell("Held: nobody may erase it until the hold is released.", "good", () => void release(made.id));
    props.changed();
  }
  async function release(id: string): Promise<void> {
    try {
      await api.POST("/v1/holds/{hold}/release", { params: { path: { hold: id } }, body: { reason: "mistake" } as never });
      tell("The hold is released, for the reason “mistake”.");
      props.changed();
    } catch (caught) {
      tellError(caught);
    }
  }
  return (
    <FormDialog title="Hold this record" verb="Hold it" close={props.close} act={send} isReady={said().reason !== ""}>
      <p>Nobody may erase this record, and retention passes over it, until the hold is released. Nothing else changes. To hold all of a matter, set a hold by query.</p>
      <Reason codes={["litigation", "investigation", "regulator"]} why={said()} set={setSaid} isFirst />
      <label><span class="label">Until (a time, or a span such as 90d; empty: until somebody releases it)</span><input class="field mono" maxlength="60" value={expires()} onInput={(event) => setExpires(event.currentTarget.value)} /></label>
    </FormDialog>
  );
}

/** What an event can be redacted by: its own values, not what this installation says of it. */
const OURS = new Set(["source", "parser", "acquisition", "severity", "category", "event_type", "outcome", "tag"]);

function RedactDialog(props: Props & { entry: string; close: () => void }): JSX.Element {
  const [fields, setFields] = createSignal<readonly string[]>([]);
  const [said, setSaid] = why();
  const { share, run } = work();
  const names = (): string[] => [...new Set(groupsOf(props.event).flatMap((group) => group.rows.map((row) => row.name)).filter((name) => !OURS.has(name)))];
  async function send(propose: boolean): Promise<void> {
    const report = await run("/v1/redactions", { ids: [props.entry], fields: fields(), ...said(), propose });
    const entry = report?.entries?.[0];
    if (report?.proposed) tell("Proposed: another person has to agree.", "good");
    else tell("Redacted. The record, its leaf and its proof stay as they are.", "good", entry ? () => void lift(entry) : undefined);
    props.changed();
  }
  async function lift(entry: string): Promise<void> {
    try {
      tell("The record is being shown again: the index is computed anew.");
      await work().run(`/v1/redactions/${entry}/lift`, { reason: "mistake" });
      tell("It is shown again, for the reason “mistake”.", "good");
      props.changed();
    } catch (caught) {
      tellError(caught);
    }
  }
  return (
    <FormDialog
      title="Redact this record" verb={fields().length === 0 ? "Hide the record" : fields().length === 1 ? "Hide this field" : `Hide ${fields().length} fields`}
      close={props.close} act={() => send(false)} propose={() => send(true)} isReady={said().reason !== ""} isDanger
    >
      <p>
        Hides what the record says from every view, search and export; the record, its leaf and its proof stay, and it can be undone. The index of
        the whole tenant is computed again, which takes a while. The same value in another record is not hidden.
      </p>
      <fieldset class="choose">
        <legend class="label">What to hide (nothing chosen: all but time and source)</legend>
        <For each={names()}>
          {(name) => (
            <label class="row"><input type="checkbox" checked={fields().includes(name)} onChange={(event) => setFields(event.currentTarget.checked ? [...fields(), name] : fields().filter((one) => one !== name))} /><span class="mono">{name}</span></label>
          )}
        </For>
      </fieldset>
      <Reason codes={["privacy", "legal_order", "secret"]} why={said()} set={setSaid} />
      <Working share={share()} />
    </FormDialog>
  );
}
