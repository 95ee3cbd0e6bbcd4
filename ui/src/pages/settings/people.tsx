/** Who is here, as what; who is invited; who asks to be. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { acting } from "~/state/acting";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may, who } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Confirm } from "~/widgets/confirm";
import { Form } from "~/widgets/form";
import { Secret } from "~/widgets/secret";
import { Wrong } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { Time } from "~/widgets/text";

type Person = components["schemas"]["PersonShown"];
interface Act { readonly kind: "role" | "reset" | "remove"; readonly email: string; readonly role?: string; readonly erase?: boolean }
interface Link { readonly email: string; readonly token: string; readonly expires?: string | undefined; readonly what: string }

const ROLES: readonly (readonly [string, string])[] = [
  ["owner", "everything, tenants and owners too"], ["admin", "everything but owners"], ["policy_admin", "reads, policies, takes in"],
  ["investigator", "reads, cases, holds, redacts"], ["auditor", "reads everything, writes nothing"], ["developer", "takes in, sees their own agents"],
];

const linkOf = (token: string): string => `${location.origin}/ui/join#${encodeURIComponent(token)}`;

export function People(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/people")));
  const [act, setAct] = createSignal<Act>();
  const [link, setLink] = createSignal<Link>();
  async function done(): Promise<void> {
    const it = act()!;
    const params = { path: { person: it.email } };
    if (it.kind === "remove") await api.DELETE("/v1/people/{person}", { params });
    else if (it.kind === "role") await api.PATCH("/v1/people/{person}", { params, body: { role: it.role!, may_erase: it.erase ?? false } });
    else {
      const made = await held(api.POST("/v1/people/{person}/reset", { params }));
      setLink({ email: it.email, token: made.token, expires: made.expires_at, what: "The link by which" });
    }
    tell({ role: "The role is changed.", reset: "The password is taken away.", remove: "They are let in no more." }[it.kind], "good");
    await found.again();
  }
  return (
    <Answer of={found} what="the people">
      {(all) => (
        <div class="stack">
          <Invite made={(it) => { setLink(it); void found.again(); }} />
          <Show when={link()}>{(it) => <Secret of={linkOf(it().token)} what={`${it().what} ${it().email} sets a password, once.`} until={<Show when={it().expires}>It is good until <Time at={it().expires} precision="minute" />. Send it by a way that nobody else reads.</Show>} done={() => setLink()} />}</Show>
          <Requests made={(it) => { setLink(it); void found.again(); }} />
          <Table
            label="People" each={all().people}
            head={<><th>Address</th><th>Name</th><th>Role</th><th>May erase</th><th>Since</th><th><span class="visually-hidden">Acts</span></th></>}
          >
            {(person) => <Row of={person} act={setAct} />}
          </Table>
          <Show when={all().invitations.length}>
            <section class="panel">
              <header><h2>Invited, not here yet</h2></header>
              <Table
                label="Invitations" each={all().invitations} frame="bare"
                head={<><th>Address</th><th>As</th><th>For</th><th>By</th><th>Until</th><th><span class="visually-hidden">Acts</span></th></>}
              >
                {(one) => (
                  <tr>
                    <td>{one.email}</td><td>{one.role}</td><td>{one.purpose}</td><td>{one.by}</td><td><Time at={one.expires_at} precision="minute" /></td>
                    <td><Show when={one.purpose !== "reset"}><button class="button danger" onClick={() => setAct({ kind: "remove", email: one.email })}>Take it back</button></Show></td>
                  </tr>
                )}
              </Table>
            </section>
          </Show>
          <Show when={act()}>
            {(it) => (
              <Confirm title={{ role: "Change the role", reset: "Reset the password", remove: "Let them in no more" }[it().kind]} verb={{ role: "Change it", reset: "Reset it", remove: "Let them in no more" }[it().kind]} close={() => setAct()} act={done}>
                <p>
                  <Show when={it().kind === "role"}>{it().email} is {it().role} from now on{it().erase ? ", and may erase evidence" : ""}. </Show>
                  <Show when={it().kind === "reset"}>The password of {it().email} is taken away and all their sign-ins end. You are shown a link by which they set another. </Show>
                  <Show when={it().kind === "remove"}>All sign-ins of {it().email} end, and so does an invitation. What they did stays in the ledger under their name. </Show>
                  It is an entry of the audit trail.
                </p>
              </Confirm>
            )}
          </Show>
        </div>
      )}
    </Answer>
  );
}

function Row(props: { of: Person; act: (act: Act) => void }): JSX.Element {
  const one = () => props.of;
  const [role, setRole] = createSignal(one().role);
  const [erase, setErase] = createSignal(one().may_erase ?? false);
  const isChanged = (): boolean => role() !== one().role || erase() !== (one().may_erase ?? false);
  return (
    <tr>
      <td>{one().email}{one().id === who()?.name || one().email === who()?.name ? <span class="quiet"> (you)</span> : null}<Show when={one().locked_until}><div class="warn">locked until <Time at={one().locked_until} precision="second" /></div></Show></td>
      <td>{one().name}</td>
      <td>
        <select class="field" aria-label={`Role of ${one().email}`} value={role()} onChange={(event) => setRole(event.currentTarget.value)}>
          <For each={ROLES.filter(([name]) => name !== "owner" || may("tenant.manage") || one().role === "owner")}>{([name, about]) => <option value={name} selected={name === role()} title={about}>{name}</option>}</For>
        </select>
      </td>
      <td><label class="check-label"><input type="checkbox" aria-label={`${one().email} may erase`} checked={erase()} onChange={(event) => setErase(event.currentTarget.checked)} />{erase() ? "yes" : "no"}</label></td>
      <td><Time at={one().created_at} precision="day" /></td>
      <td class="nowrap">
        <Show when={isChanged()}><button class="button primary" onClick={() => props.act({ kind: "role", email: one().email, role: role(), erase: erase() })}>Change</button> </Show>
        <button class="button" onClick={() => props.act({ kind: "reset", email: one().email })}>Reset password</button>{" "}
        <button class="button danger" onClick={() => props.act({ kind: "remove", email: one().email })}>Remove</button>
      </td>
    </tr>
  );
}

function Roles(props: { name: string }): JSX.Element {
  return <select class="field" name={props.name} aria-label="Role"><For each={ROLES.filter(([name]) => name !== "owner" || may("tenant.manage"))}>{([name, about]) => <option value={name} selected={name === "investigator"}>{name}: {about}</option>}</For></select>;
}

function Invite(props: { made: (link: Link) => void }): JSX.Element {
  async function invite(text: (name: string) => string, form: HTMLFormElement): Promise<void> {
    const [email, erase] = ["email", "erase"].map((name) => form.elements.namedItem(name) as HTMLInputElement) as [HTMLInputElement, HTMLInputElement];
    const made = await held(api.POST("/v1/people", { body: { email: text("email"), role: text("role"), may_erase: erase.checked } }));
    // Not all of the form: to reset it would choose the first role, which is owner.
    email.value = "";
    erase.checked = false;
    props.made({ email: made.email, token: made.token, expires: made.expires_at, what: "The link by which" });
  }
  return (
    <section class="panel">
      <header><h2>Invite somebody</h2></header>
      <Form class="body" act={invite}>
        <div class="row">
          <label class="grow"><span class="label">Address</span><input class="field" type="email" name="email" required maxlength="254" /></label>
          <label><span class="label">As</span><Roles name="role" /></label>
          <label class="check-label"><input type="checkbox" name="erase" />may erase evidence besides</label>
          <button class="button primary">Invite</button>
        </div>
      </Form>
    </section>
  );
}

/** Who asked to be invited, and what is decided of it. */
function Requests(props: { made: (link: Link) => void }): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/people/requests")));
  const { isBusy, error, run } = acting();
  async function decide(id: string, email: string, role: string): Promise<void> {
    const made = await held(api.POST("/v1/people/requests/{request_id}", { params: { path: { request_id: id } }, body: { role } }));
    if (role && made.token) props.made({ email, token: made.token, expires: made.expires_at, what: "The link by which" });
    await found.again();
  }
  return (
    <Show when={!found.error() && found.value()?.requests.length}>
      <section class="panel">
        <header><h2>Who asks to be invited</h2></header>
        <Show when={error()}>{(caught) => <div class="body"><Wrong error={caught()} /></div>}</Show>
        <ul class="body stack">
          <For each={found.value()!.requests}>
            {(one) => (
              <li>
                <form class="row" onSubmit={(event) => { event.preventDefault(); const role = String(new FormData(event.currentTarget).get("role")); void run(() => decide(one.id, one.email, role)); }}>
                  <span><strong>{one.email}</strong> {one.name} <span class="quiet">{one.note}</span> <Time at={one.at} precision="minute" /></span>
                  <Roles name="role" />
                  <button class="button primary" disabled={isBusy()}>Invite</button>
                  <button type="button" class="button" disabled={isBusy()} onClick={() => void run(() => decide(one.id, one.email, ""))}>Decline</button>
                </form>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  );
}
