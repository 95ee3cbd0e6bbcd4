import type { JSX } from "solid-js"; export function Archives(): JSX.Element { return <p />; }
