/** Pins events to a case: one, several, or all that a query finds. The case is chosen by typing, or made. */

import { createSignal, Match, Show, Switch, untrack, type JSX } from "solid-js";
import { caseOf, countOf, isShut, newCase, pin, unpin, type Case, type Chosen, type Done } from "~/api/cases";
import { casePath } from "~/base/paths";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { who } from "~/state/session";
import { CaseChoice, type Choice } from "./case-choice";
import { FormDialog } from "./form-dialog";
import { Failed } from "./states";
import { counted } from "./text";
import "~/styles/lists.css";

export interface PinProps {
  /** Ids of events. */
  readonly events?: readonly string[];
  /** All that a query finds; with bounds, what is dated within them. */
  readonly selection?: { query: string; start?: string; end?: string };
  /** The case they go to, where that is known already. */
  readonly to?: Case;
  readonly close: () => void;
  /** Called when something was pinned, or that was undone. */
  readonly done?: () => void;
}

/** Where a tab keeps the id of the case that somebody pinned to last: the next pin most often goes there too. */
const lastKey = (): string => `vestige.case.${who()?.tenant ?? ""}.${who()?.name ?? ""}`;

/** That case as it is now; none where it is not there any more, or takes nothing. */
async function lastCase(id: string): Promise<{ readonly is?: Case }> {
  const found = await caseOf(id).catch(() => undefined);
  return found && !isShut(found.status) ? { is: found } : {};
}

export const eventsOf = (number: number): string => counted(number, "event");

export function PinDialog(props: PinProps): JSX.Element {
  const chosen = (): Chosen => props.selection ?? { events: props.events ?? [] };
  const found = load(chosen, async (what) => ("query" in what ? countOf(what.query, what.start, what.end) : what.events.length));
  const number = found.value;
  const [choice, setChoice] = createSignal<Choice | undefined>(untrack(() => props.to && { case: props.to }));
  const kept = untrack(() => (props.to ? null : sessionStorage.getItem(lastKey())));
  const last = load(() => kept ?? undefined, lastCase);
  const [annotation, setAnnotation] = createSignal("");

  async function act(): Promise<void> {
    const to = choice()!;
    const into = "case" in to ? to.case : await newCase(to.name);
    // Made once, whatever becomes of the rest.
    setChoice({ case: into });
    const told = await pin(into.id, chosen(), annotation());
    sessionStorage.setItem(lastKey(), into.id);
    tell(said(into, told), "good", told.pinned ? () => void undo(into, told, props.done) : undefined, { name: "Open the case", href: casePath(into.id) });
    props.done?.();
  }

  return (
    <FormDialog
      title={props.to ? `Pin to ${props.to.name}` : "Pin to a case"} verb={number() ? `Pin ${eventsOf(number()!)}` : "Pin"}
      close={props.close} act={act} isReady={choice() !== undefined && (number() ?? 0) > 0} note="It is an entry of the ledger, under your name."
    >
      <p>
        <Switch fallback={<span class="quiet">Counting …</span>}>
          <Match when={found.error()}><span class="quiet">The events could not be counted.</span></Match>
          <Match when={number() !== undefined}><strong>{eventsOf(number()!)}</strong></Match>
        </Switch>
        <Show when={props.selection}>
          {(selection) => (
            <>
              {": all that match "}<code>{selection().query || "*:*"}</code>
              <Show when={selection().start}>{" from "}<code>{selection().start}</code></Show>
              <Show when={selection().end}>{" until "}<code>{selection().end}</code></Show>
              <span class="quiet"> What comes later is not pinned by itself.</span>
            </>
          )}
        </Show>
      </p>
      <Show when={found.error()}>{(cause) => <Failed error={cause()} />}</Show>
      <Show when={!props.to && (kept === null || last.value())}><CaseChoice choose={setChoice} first={last.value()?.is} /></Show>
      <label class="stack tight">
        <span>Annotation <span class="quiet">of each of them; may be empty</span></span>
        <textarea class="field" rows="2" maxlength="5000" autofocus={props.to !== undefined} value={annotation()} onInput={(event) => setAnnotation(event.currentTarget.value)} />
      </label>
    </FormDialog>
  );
}

function said(into: Case, told: Done): string {
  const there = told.already ? `; ${eventsOf(told.already)} ${told.already === 1 ? "was" : "were"} there already` : "";
  return `Pinned ${eventsOf(told.pinned)} to ${into.name}${there}.`;
}

async function undo(into: Case, told: Done, done?: () => void): Promise<void> {
  try {
    tell(`Took ${eventsOf(await unpin(into.id, told.selections))} out of ${into.name} again.`);
    done?.();
  } catch (cause) {
    tellError(cause);
  }
}
