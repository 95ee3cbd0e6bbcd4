import type { JSX } from "solid-js"; export function RetentionTab(): JSX.Element { return <p />; }
