/** The mark of an event in a drawing: its form says the severity as its colour does, so that either suffices. */

import type { JSX } from "solid-js";

/** The outline of a severity's mark around a place, `size` from its middle to its edge. */
export function outline(severity: string, x: number, y: number, size: number): string {
  const s = size;
  switch (severity) {
    case "low": return `M${x - s * 0.85} ${y - s * 0.85}h${s * 1.7}v${s * 1.7}h${-s * 1.7}z`;
    case "medium": return `M${x} ${y - s * 1.2}L${x + s * 1.2} ${y}L${x} ${y + s * 1.2}L${x - s * 1.2} ${y}z`;
    case "high": return `M${x} ${y - s * 1.2}L${x + s * 1.2} ${y + s}L${x - s * 1.2} ${y + s}z`;
    case "critical": return star(x, y, s * 1.35);
    default: return `M${x - s} ${y}a${s} ${s} 0 1 0 ${s * 2} 0a${s} ${s} 0 1 0 ${-s * 2} 0`;
  }
}

function star(x: number, y: number, size: number): string {
  const points = Array.from({ length: 10 }, (_, i) => {
    const turn = (i * Math.PI) / 5 - Math.PI / 2;
    const far = i % 2 ? size * 0.45 : size;
    return `${(x + far * Math.cos(turn)).toFixed(1)} ${(y + far * Math.sin(turn)).toFixed(1)}`;
  });
  return `M${points.join("L")}z`;
}

export function SeverityMark(props: { of: string; x: number; y: number; size: number }): JSX.Element {
  return <path class="severity-mark" d={outline(props.of, props.x, props.y, props.size)} style={{ fill: `var(--sev-${props.of})` }} />;
}
