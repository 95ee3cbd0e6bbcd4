/** How far a case is: a word, and a mark that tells shut ones from open ones. */

import type { JSX } from "solid-js";
import { isShut, type CaseStatus } from "~/api/cases";
import "./case-status.css";

export function Status(props: { of: CaseStatus }): JSX.Element {
  return <span class={`case-status ${props.of}`} title={isShut(props.of) ? "Nothing is changed in it until it is opened again" : undefined}>{props.of}</span>;
}
