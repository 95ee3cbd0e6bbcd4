/** Colours of the drawing, read from the theme's tokens, as the canvas needs them. */

import type { Severity } from "~/api/shapes";

export interface Palette {
  readonly ground: string;
  readonly sheet: string;
  readonly line: string;
  readonly strong: string;
  readonly ink: string;
  readonly quiet: string;
  readonly faint: string;
  readonly accent: string;
  readonly heat: string;
  readonly severity: Readonly<Record<Severity, string>>;
}

export function readPalette(of: Element = document.documentElement): Palette {
  const style = getComputedStyle(of);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ground: token("ground"), sheet: token("sheet"), line: token("line"), strong: token("strong-line"), ink: token("ink"),
    quiet: token("quiet"), faint: token("faint"), accent: token("accent"), heat: token("heat"),
    severity: {
      info: token("sev-info"), low: token("sev-low"), medium: token("sev-medium"), high: token("sev-high"), critical: token("sev-critical"),
    },
  };
}

/** The four bytes of `#rrggbb`, as an `ImageData` in little-endian holds them. */
export function packed(colour: string, alpha = 255): number {
  const value = Number.parseInt(colour.slice(1, 7), 16);
  return ((alpha << 24) | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
