/** One event, at an address of its own. */

import { useNavigate, useParams } from "@solidjs/router";
import type { JSX } from "solid-js";
import { without } from "~/base/query";
import { offerEventKeys } from "~/widgets/event/keys";
import { EventPanel } from "~/widgets/event/panel";

export default function EventPage(): JSX.Element {
  const params = useParams<{ id: string }>();
  const go = useNavigate();
  offerEventKeys(() => params.id);
  return (
    <div class="page event-page">
      <h1 class="visually-hidden">Event {params.id}</h1>
      <EventPanel id={params.id} onTerm={(term, exclude) => go(`/timeline?q=${encodeURIComponent(exclude ? without("", term) : term)}`)} />
    </div>
  );
}
