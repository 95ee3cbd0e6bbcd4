/** Answers an invitation or a reset: what opens it stands behind the `#` of the link, which no browser sends to a server. */

import { createSignal, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { Wrong } from "~/widgets/states";
import "./join.css";

const secretOf = (hash: string): string => decodeURIComponent(hash.replace(/^#/, ""));

export default function Join(): JSX.Element {
  const [token, setToken] = createSignal(secretOf(location.hash));
  const [error, setError] = createSignal<unknown>();
  const [email, setEmail] = createSignal<string>();
  // The secret need not stay in the address or the history once it was read.
  history.replaceState(history.state, "", location.pathname);

  async function join(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setError();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [password, again] = [form.get("password") as string, form.get("again") as string];
    if (password !== again) return void setError(new Error("The two passwords differ."));
    try {
      const made = (await held(api.POST("/v1/people/accept", { body: { token: token().trim(), name: (form.get("name") as string).trim(), password } }))) as unknown as { email: string };
      setEmail(made.email);
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <div class="page join-page">
      <h1>Your account</h1>
      <Show when={!email()} fallback={<p role="status">The password of {email()} is set. <a href="/ui/login" rel="external">Sign in</a></p>}>
        <form class="stack join" onSubmit={(event) => void join(event)}>
          <p class="quiet">You were invited, or your password is to be set anew. The link is good once.</p>
          <label><span class="label">What you were given</span><input class="field mono" name="token" required autocomplete="off" value={token()} onInput={(event) => setToken(event.currentTarget.value)} /></label>
          <label><span class="label">What you are called</span><input class="field" name="name" maxlength="500" autocomplete="name" /></label>
          <label><span class="label">Password</span><input class="field" type="password" name="password" required minlength="8" autocomplete="new-password" /></label>
          <label><span class="label">The same again</span><input class="field" type="password" name="again" required autocomplete="new-password" /></label>
          <Show when={error()}>{(caught) => <Wrong error={caught()} />}</Show>
          <div><button class="button primary">Set the password</button></div>
        </form>
      </Show>
    </div>
  );
}
