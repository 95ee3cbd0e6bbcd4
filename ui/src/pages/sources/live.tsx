import type { JSX } from "solid-js";
export function Live(): JSX.Element { return <p />; }
