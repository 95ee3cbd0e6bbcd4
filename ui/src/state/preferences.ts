/** What a person chose for this browser: zone, theme, density of tables. A link says the zone of its own. */

import { createEffect, createMemo, createRoot, createSignal, type Accessor } from "solid-js";
import { isZone } from "~/base/instant";

export type Theme = "dark" | "light" | "system";

function kept<T extends string>(name: string, first: T, valid: (text: string) => boolean): [Accessor<T>, (value: T) => void] {
  const key = `vestige.${name}`;
  const was = localStorage.getItem(key);
  const [value, set] = createSignal<T>(was !== null && valid(was) ? (was as T) : first);
  createRoot(() => createEffect(() => localStorage.setItem(key, value())));
  return [value, (next) => void set(() => next)];
}

export const [zone, setZone] = kept<string>("zone", "UTC", isZone);
export const [theme, setTheme] = kept<Theme>("theme", "system", (text) => ["dark", "light", "system"].includes(text));
export const [navigation, setNavigation] = kept<"wide" | "narrow">("navigation", "wide", (text) => text === "wide" || text === "narrow");

const light = matchMedia("(prefers-color-scheme: light)");
const [systemLight, setSystemLight] = createSignal(light.matches);
light.addEventListener("change", (change) => setSystemLight(change.matches));

/**
 * The theme in force. The page has it before anybody hears of it: who reads its colours to draw with them on a canvas
 * would otherwise read those of the theme before.
 */
export const shown = createRoot(() => createMemo((): "dark" | "light" => {
  const now = theme() === "system" ? (systemLight() ? "light" : "dark") : (theme() as "dark" | "light");
  document.documentElement.setAttribute("data-theme", now);
  return now;
}));

/** Zones to choose from, those most wanted first. */
export function zones(): string[] {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set(["UTC", here, ...Intl.supportedValuesOf("timeZone")])];
}
