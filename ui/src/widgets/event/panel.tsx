/**
 * One event with its proof. What is mounted here is a frame; the rest is loaded when somebody opens an event, so that
 * it weighs nothing on the page that offers it.
 */

import { ErrorBoundary, lazy, Suspense, type JSX } from "solid-js";
import { Failed, Waiting } from "~/widgets/states";

const Body = lazy(() => import("./body"));

export interface EventPanelProps {
  /** The event's id. */
  id: string;
  /** A value was chosen to filter by: a term of the query language, to be asked for or left out. */
  onTerm: (term: string, exclude: boolean) => void;
  /** Closes the panel; without it there is nothing to close. */
  close?: () => void;
}

export function EventPanel(props: EventPanelProps): JSX.Element {
  return (
    <ErrorBoundary fallback={(error, reset) => <Failed error={error} retry={reset} />}>
      <Suspense fallback={<Waiting what="the event" />}>
        <Body {...props} />
      </Suspense>
    </ErrorBoundary>
  );
}
