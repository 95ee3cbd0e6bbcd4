/** Who is signed in, and what they may do. */

import { createSignal } from "solid-js";
import { api, held, setCsrf, whenSignedOut } from "~/api/client";
import { Problem } from "~/api/problem";
import type { Who } from "~/api/shapes";

const [who, setWho] = createSignal<Who>();
export { who };

/** Whether who is signed in may do what a permission names; a page hides nothing it does not ask this of. */
export const may = (permission: string): boolean => who()?.permissions.includes(permission) ?? false;

/** Pages that show themselves to whoever asks. */
const PUBLIC = ["/ui/verify", "/ui/join"];
export const isPublic = (path: string): boolean => PUBLIC.some((one) => path === one || path.startsWith(`${one}/`));

/** Send the browser to sign in, and back to where it is now. */
export function signIn(): void {
  if (isPublic(location.pathname)) return;
  const onward = location.pathname + location.search;
  location.assign(`/ui/login?onward=${encodeURIComponent(onward)}`);
}

/** Find out who is signed in; whoever is nobody is sent to sign in, but from a public page. */
export async function begin(): Promise<void> {
  whenSignedOut(signIn);
  try {
    const found = (await held(api.GET("/v1/whoami"))) as unknown as Who;
    setCsrf(found.csrf ?? "");
    setWho(found);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
}

export async function signOut(): Promise<void> {
  await api.POST("/v1/logout");
  location.assign("/ui/login");
}
