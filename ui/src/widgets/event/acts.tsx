/** What can be done with the event: pin it to a case, hold it, redact it. Each only for who may. */

import { createEffect, createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { term } from "~/base/query";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Dialog } from "~/widgets/dialog";
import { Icon } from "~/widgets/icon";
import { PinDialog } from "~/widgets/pin";
import { groupsOf } from "./fields";
import { setToPin, toPin } from "./keys";
import { Refused, Working } from "./lift";
import { Reason } from "./reason";
import type { Detail } from "./shape";
import { work } from "./working";

interface Props {
  event: Detail;
  changed: () => void;
}

export function Acts(props: Props): JSX.Element {
  const [open, setOpen] = createSignal<"pin" | "hold" | "redact">();
  const close = (): void => void setOpen();
  const entry = (): string => props.event.id.slice(0, 26);
  createEffect(() => may("cases.write") && toPin() === props.event.id && (setToPin(), setOpen("pin")));
  const isHidden = (): boolean => props.event.redacted?.some((one) => !one.fields) ?? false;
  return (
    <>
      <Show when={may("cases.write")}><button class="button" title="Pin this event to a case (P)" onClick={() => setOpen("pin")}><Icon name="pin" />Pin</button></Show>
      <Show when={may("holds.write")}><button class="button" title="Keep this record from being erased" onClick={() => setOpen("hold")}>Hold</button></Show>
      <Show when={may("evidence.redact") && !props.event.erased && !isHidden()}><button class="button" title="Hide what this record says" onClick={() => setOpen("redact")}>Redact</button></Show>
      <Show when={open() === "pin"}><PinDialog events={[props.event.id]} close={close} done={props.changed} /></Show>
      <Show when={open() === "hold"}><HoldDialog {...props} entry={entry()} close={close} /></Show>
      <Show when={open() === "redact"}><RedactDialog {...props} entry={entry()} close={close} /></Show>
    </>
  );
}

function HoldDialog(props: Props & { entry: string; close: () => void }): JSX.Element {
  const [reason, setReason] = createSignal("");
  const [because, setBecause] = createSignal("");
  const [expires, setExpires] = createSignal("");
  const [error, setError] = createSignal<unknown>();
  async function send(): Promise<void> {
    try {
      const made = (await held(api.POST("/v1/holds", { body: { reason: reason(), because: because(), q: term("id", props.entry), expires: expires() } as never }))) as unknown as { id: string; entries: number };
      tell("Held: nobody may erase it until the hold is released.", "good", () => void release(made.id));
      props.close();
      props.changed();
    } catch (caught) {
      setError(caught);
    }
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
    <Dialog title="Hold this record" close={props.close}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <p>Nobody may erase this record, and retention passes over it, until the hold is released. Nothing else changes. To hold all of a matter, set a hold by query.</p>
        <Reason codes={["litigation", "investigation", "regulator"]} reason={reason()} setReason={setReason} because={because()} setBecause={setBecause} />
        <label><span class="label">Until (a time, or a span such as 90d; empty: until somebody releases it)</span><input class="field mono" maxlength="60" value={expires()} onInput={(event) => setExpires(event.currentTarget.value)} /></label>
        <Refused error={error()} />
        <footer><button type="button" class="button" onClick={() => props.close()}>Cancel</button><button class="button primary" disabled={!reason()}>Hold it</button></footer>
      </form>
    </Dialog>
  );
}

/** What an event can be redacted by: its own values, not what this installation says of it. */
const OURS = new Set(["source", "parser", "acquisition", "severity", "category", "event_type", "outcome", "tag"]);

function RedactDialog(props: Props & { entry: string; close: () => void }): JSX.Element {
  const [fields, setFields] = createSignal<readonly string[]>([]);
  const [reason, setReason] = createSignal("");
  const [because, setBecause] = createSignal("");
  const [error, setError] = createSignal<unknown>();
  const { share, run } = work();
  const names = (): string[] => [...new Set(groupsOf(props.event).flatMap((group) => group.rows.map((row) => row.name)).filter((name) => !OURS.has(name)))];
  async function send(propose: boolean): Promise<void> {
    try {
      const report = await run("/v1/redactions", { ids: [props.entry], fields: fields(), reason: reason(), because: because(), propose });
      const entry = report?.entries?.[0];
      if (report?.proposed) tell("Proposed: another person has to agree.", "good");
      else tell("Redacted. The record, its leaf and its proof stay as they are.", "good", entry ? () => void lift(entry) : undefined);
      props.close();
      props.changed();
    } catch (caught) {
      setError(caught);
    }
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
    <Dialog title="Redact this record" close={props.close}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void send(false); }}>
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
        <Reason codes={["privacy", "legal_order", "secret"]} reason={reason()} setReason={setReason} because={because()} setBecause={setBecause} />
        <Refused error={error()} propose={() => void send(true)} />
        <Working share={share()} />
        <footer><button type="button" class="button" onClick={() => props.close()}>Cancel</button><button class="button danger" disabled={share() !== undefined || !reason()}>{fields().length === 0 ? "Hide the record" : fields().length === 1 ? "Hide this field" : `Hide ${fields().length} fields`}</button></footer>
      </form>
    </Dialog>
  );
}
