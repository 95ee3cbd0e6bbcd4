/** Stories as the server tells them, and how a page numbers what they cite. */

import type { components } from "~/api/schema";

export type Story = components["schemas"]["Story"];
export type Section = Story["sentences"][number]["section"];
export type Form = "prose" | "adr";

/** What is asked for; what is not meant is empty. */
export interface StoryQuery {
  readonly session: string;
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly scope: string;
  readonly rev: string;
  readonly line: number;
  readonly form: Form;
}

export function query(asked: Readonly<Record<string, string | undefined>>, form: Form): StoryQuery {
  const line = Number.parseInt(asked.line ?? "", 10);
  return {
    session: asked.session ?? "", repository: asked.repository ?? "", commit: asked.commit ?? "", path: asked.path ?? "",
    scope: asked.scope ?? "", rev: asked.rev ?? "", line: line > 0 ? line : 0, form,
  };
}

/** Sections in the order a form tells them, each with its head. */
export const HEADS: Readonly<Record<Form, readonly (readonly [Section, string])[]>> = {
  prose: [["context", "What was asked"], ["options", "What was considered"], ["decision", "What was done"], ["consequences", "What came of it"], ["status", "Where it stands"]],
  adr: [["status", "Status"], ["context", "Context"], ["options", "Options considered"], ["decision", "Decision"], ["consequences", "Consequences"]],
};

/** What tells a citation from others. */
export const cited = (one: { readonly id: string; readonly quote: string }): string => JSON.stringify({ id: one.id, quote: one.quote });

/** By citation its number, in the order a form tells them: as its Markdown has it. */
export function numbered(story: Pick<Story, "sentences">, form: Form): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const told = HEADS[form].flatMap(([section]) => story.sentences.filter((one) => one.section === section));
  for (const sentence of told) for (const one of sentence.citations) if (!found.has(cited(one))) found.set(cited(one), found.size + 1);
  return found;
}
