/** Bytes that were read as text, so that what cannot be seen is seen: control signs as `\\x00`. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{C}]/gu, (sign) => `\\x${sign.codePointAt(0)!.toString(16).padStart(2, "0")}`);
}
