import type { JSX } from "solid-js"; export function Holds(): JSX.Element { return <p />; }
