import type { JSX } from "solid-js"; export function Audit(): JSX.Element { return <p />; }
