/** How events are listed where they are evidence for something: when, how grave, from where, what. */

import { A } from "@solidjs/router";
import type { EventShape } from "~/api/shapes";
import { eventPath } from "~/base/paths";
import type { Column } from "./rows";
import { Severity, Time } from "./text";

export const EVENT_COLUMNS: readonly Column<EventShape>[] = [
  { name: "Time", width: "212px", cell: (event) => <Time at={event.occurred_at} /> },
  { name: "Severity", width: "90px", cell: (event) => <Severity of={event.severity} /> },
  { name: "Source", width: "130px", cell: (event) => event.source, title: (event) => event.source },
  { name: "Type", width: "180px", cell: (event) => <span class="mono">{event.event_type}</span>, title: (event) => event.event_type },
  { name: "What", cell: (event) => <A href={eventPath(event.id)}>{event.message || event.id}</A>, title: (event) => event.message ?? "" },
];
