/** The frame of every page: places on the left, what is always in force above, what was just done at the edge. */

import { A, useLocation, useNavigate } from "@solidjs/router";
import { createEffect, createSignal, ErrorBoundary, For, on, onCleanup, Show, Suspense, type JSX, type ParentProps } from "solid-js";
import { commands, offer, pressed } from "~/state/commands";
import { load } from "~/state/load";
import { dismiss, notices } from "~/state/notices";
import { navigation, setNavigation, setTheme, shown } from "~/state/preferences";
import { isPublic, may, signOut, who } from "~/state/session";
import { Icon } from "~/widgets/icon";
import { Failed, Waiting } from "~/widgets/states";
import { Help } from "./help";
import { Palette } from "./palette";
import { PLACES, type Place } from "./routes";
import { ZoneChip } from "./zone";
import "./shell.css";

const GROUPS = ["Investigate", "Evidence", "Agents", "Tenant"] as const;

const fold = (): void => setNavigation(navigation() === "wide" ? "narrow" : "wide");
const isOpen = (place: Place): boolean => !place.needs || place.needs.some(may);

/** What a demonstration asks of whoever looks at it, as its sign-in page says it too. */
const ASKED = "Find out who took the customers' data and how they came in, or who caused the outage and why.";

export function Shell(props: ParentProps<{ started: Promise<void> }>): JSX.Element {
  const started = load(() => true, () => props.started.then(() => true));
  const [sheet, setSheet] = createSignal<"help" | "palette">();
  const location = useLocation();
  const go = useNavigate();
  document.addEventListener("keydown", pressed);
  onCleanup(() => document.removeEventListener("keydown", pressed));
  offer(
    { id: "palette", title: "Find a command or a place", group: "Everywhere", keys: ["Ctrl+k", "Ctrl+Shift+p"], typing: true, run: () => setSheet("palette") },
    { id: "help", title: "Show the keys", group: "Everywhere", keys: ["?"], run: () => setSheet("help") },
    { id: "navigation", title: "Fold the navigation", group: "Everywhere", keys: ["Ctrl+b"], run: fold },
    { id: "theme", title: "Change between dark and light", group: "Everywhere", keys: ["Shift+t"], run: () => setTheme(shown() === "dark" ? "light" : "dark") },
    ...PLACES.map((place) => ({ id: `go:${place.path}`, title: `Go to ${place.name}`, group: "Places", run: () => go(place.path) })),
  );
  // Another page begins at its top; what changes in the address of the same one moves nothing.
  createEffect(on(() => location.pathname, () => {
    document.getElementById("main")?.scrollTo(0, 0);
    // What had the focus may be gone with its page: then whoever goes by keys, or listens, begins at this one.
    requestAnimationFrame(() => document.activeElement === document.body && document.getElementById("main")?.focus({ preventScroll: true }));
  }, { defer: true }));
  const alone = (): boolean => !who() && isPublic(location.pathname);
  return (
    <div class="shell" classList={{ narrow: navigation() === "narrow", alone: alone() }}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")!.focus(); }}>To the page</a>
      <Show when={!alone()}>
        <nav class="places" aria-label="Places">
          <A class="brand" href="/timeline" title="Vestige"><img src="/ui/mark.svg" alt="" width="24" height="24" /><span>Vestige</span></A>
          <For each={GROUPS}>
            {(group) => (
              <section>
                <h2>{group}</h2>
                <ul>
                  <For each={PLACES.filter((place) => place.group === group && isOpen(place))}>
                    {(place) => (
                      <li><A href={place.path} activeClass="here" title={place.name}><Icon name={place.icon} /><span>{place.name}</span></A></li>
                    )}
                  </For>
                </ul>
              </section>
            )}
          </For>
        </nav>
      </Show>
      <div class="column">
        <header class="bar">
          <Show when={!alone()} fallback={<strong>Vestige</strong>}>
            <button class="button bare icon" aria-label="Fold the navigation" data-fold aria-pressed={navigation() === "narrow"} onClick={fold}><Icon name="menu" /></button>
          </Show>
          <Show when={who()}><span class="chip tenant" title="The tenant all of this belongs to">{who()!.tenant}</span></Show>
          <Show when={who()?.demonstration}><span class="chip demo" title={`All of it is made up. ${ASKED}`}><span><span class="narrow-only">A demonstration</span><span class="wide-only">Made up. {ASKED}</span></span></span></Show>
          <span class="spread" />
          <ZoneChip />
          <button class="button bare" title="Find a command or a place" onClick={() => setSheet("palette")}><Icon name="search" /><span class="wide-only">Commands</span><kbd>Ctrl K</kbd></button>
          <button class="button bare icon" aria-label="Change between dark and light" onClick={() => setTheme(shown() === "dark" ? "light" : "dark")}><Icon name={shown() === "dark" ? "sun" : "moon"} /></button>
          <button class="button bare icon" aria-label="Show the keys" onClick={() => setSheet("help")}><Icon name="question" /></button>
          <Show when={who()?.csrf}>
            <span class="quiet wide-only" title={`Signed in as ${who()!.role ?? "a person"}`}>{who()!.name}</span>
            <button class="button bare icon" aria-label="Sign out" title="Sign out" onClick={() => void signOut()}><Icon name="out" /></button>
          </Show>
        </header>
        <main id="main" tabindex="-1">
          <ErrorBoundary fallback={(error, reset) => <Failed error={error} retry={reset} />}>
            <Suspense fallback={<Waiting what="the page" />}>
              <Show when={started.value() && (who() || alone())} fallback={<Show when={started.error()} fallback={<Waiting what="the page" />}>{(error) => <Failed error={error()} retry={() => window.location.reload()} />}</Show>}>
                {props.children}
              </Show>
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <ul class="notices" aria-live="polite" aria-label="What was just done">
        <For each={notices()}>
          {(notice) => (
            <li class={notice.tone}>
              <span>{notice.text}</span>
              <Show when={notice.place}>{(place) => <A class="button bare" href={place().href} onClick={() => dismiss(notice.id)}>{place().name}</A>}</Show>
              <Show when={notice.undo}><button class="button bare" onClick={() => { notice.undo!(); dismiss(notice.id); }}>Undo</button></Show>
              <button class="button bare icon" aria-label="Dismiss" onClick={() => dismiss(notice.id)}><Icon name="close" size={12} /></button>
            </li>
          )}
        </For>
      </ul>
      <Show when={sheet() === "help"}><Help commands={commands()} close={() => setSheet()} /></Show>
      <Show when={sheet() === "palette"}><Palette commands={commands()} close={() => setSheet()} /></Show>
    </div>
  );
}
