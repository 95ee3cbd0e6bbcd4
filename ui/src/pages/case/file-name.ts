/** A name of a file for a case's: letters and figures of any script, so that it can be told from others. */
export function fileName(name: string, ending: string): string {
  const plain = name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-+|-+$/g, "").slice(0, 60);
  return `${plain || "case"}.${ending}`;
}
