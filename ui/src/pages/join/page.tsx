/** Answers an invitation or a reset: what opens it stands behind the `#` of the link, which no browser sends to a server. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { Form } from "~/widgets/form";
import "./join.css";

const secretOf = (hash: string): string => decodeURIComponent(hash.replace(/^#/, ""));

export default function Join(): JSX.Element {
  const [token, setToken] = createSignal(secretOf(location.hash));
  const [email, setEmail] = createSignal<string>();
  // The secret need not stay in the address or the history once it was read.
  history.replaceState(history.state, "", location.pathname);

  async function join(text: (name: string) => string, form: HTMLFormElement): Promise<void> {
    // Spaces around it are a part of a password.
    const [password, again] = ["password", "again"].map((name) => (form.elements.namedItem(name) as HTMLInputElement).value) as [string, string];
    if (password !== again) throw new Error("The two passwords differ.");
    const made = (await held(api.POST("/v1/people/accept", { body: { token: token().trim(), name: text("name"), password } }))) as unknown as { email: string };
    setEmail(made.email);
  }
  return (
    <div class="page join-page">
      <h1>Your account</h1>
      <Show when={!email()} fallback={<p role="status">The password of {email()} is set. <a href="/ui/login" rel="external">Sign in</a></p>}>
        <Form class="join" act={join}>
          <p class="quiet">You were invited, or your password is to be set anew. The link is good once.</p>
          <label><span class="label">What you were given</span><input class="field mono" name="token" required autocomplete="off" value={token()} onInput={(event) => setToken(event.currentTarget.value)} /></label>
          <label><span class="label">What you are called</span><input class="field" name="name" maxlength="500" autocomplete="name" /></label>
          <label><span class="label">Password</span><input class="field" type="password" name="password" required minlength="8" autocomplete="new-password" /></label>
          <label><span class="label">The same again</span><input class="field" type="password" name="again" required autocomplete="new-password" /></label>
          <div><button class="button primary">Set the password</button></div>
        </Form>
      </Show>
    </div>
  );
}
