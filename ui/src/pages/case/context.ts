/** The case that a page is about, for all parts of it. */

import { createContext, useContext, type Accessor } from "solid-js";
import type { ShownCase } from "~/api/cases";

export interface CaseContext {
  readonly one: Accessor<ShownCase>;
  /** Whether who is signed in may change something in it now: they may write, and it is not shut. */
  readonly isOpen: Accessor<boolean>;
  /** Ask for the case again: its counts, and whether what is pinned is as it was. */
  readonly refresh: () => void;
  /** Counts up whenever something was pinned or taken out: lists of events ask again. */
  readonly pinnedAt: Accessor<number>;
}

const Here = createContext<CaseContext>();
export const CaseProvider = Here.Provider;

export function useCase(): CaseContext {
  const found = useContext(Here);
  if (!found) throw new Error("a part of a case's page stands outside of it");
  return found;
}
