import type { JSX } from "solid-js";
export function Receivers(): JSX.Element { return <p />; }
