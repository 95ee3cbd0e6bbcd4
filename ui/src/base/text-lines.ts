/** Lines of a text that somebody writes. */

/** Where a line begins and ends in a text, counted from 1. */
export function lineAt(text: string, line: number): readonly [number, number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}
