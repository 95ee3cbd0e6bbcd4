import type { JSX } from "solid-js";

export function EventPanel(props: { id: string; onTerm: (term: string, exclude: boolean) => void; close?: () => void }): JSX.Element {
  return <p>{props.id}</p>;
}
