import type { JSX } from "solid-js"; export default function S(): JSX.Element { return <p />; }
