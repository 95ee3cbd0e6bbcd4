/** Acts upon a record that rebuild the index: how far they are, what came of them. */

import { createSignal, type Accessor } from "solid-js";
import { lines, raw } from "~/api/client";

interface Line {
  readonly progress?: { readonly done: number; readonly of: number };
  readonly report?: { readonly proposed?: { readonly id: string }; readonly entries?: readonly string[] };
}

export interface Work {
  /** `undefined` while nothing runs. */
  readonly share: Accessor<number | undefined>;
  /** Sends a request that answers progress and a report. @throws Problem it was refused. */
  readonly run: (path: string, body: object) => Promise<Line["report"]>;
}

export function work(): Work {
  const [share, setShare] = createSignal<number>();
  return {
    share,
    async run(path, body) {
      setShare(0);
      try {
        let report: Line["report"];
        const response = await raw(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
        for await (const line of lines<Line>(response)) {
          if (line.progress) setShare(line.progress.of ? line.progress.done / line.progress.of : 1);
          report = line.report ?? report;
        }
        return report;
      } finally {
        setShare();
      }
    },
  };
}
