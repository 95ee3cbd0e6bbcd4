/** Bytes and their spellings: hexadecimal, base64, UTF-8, each in its one form. */

/** Bytes that this page owns: what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Something is not as it must be; says what was expected and what is there. */
export class Bad extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(what: string, expected: unknown = "", got: unknown = "") {
    super(what);
    this.expected = String(expected).slice(0, 200);
    this.got = String(got).slice(0, 200);
  }
}

const encoder = new TextEncoder();
// A byte order mark is part of the text: without this the decoder would drop it, and two spellings would be one.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;

/** @throws Bad it is no UTF-8. */
export function fromUtf8(data: Uint8Array): string {
  try {
    return decoder.decode(data);
  } catch {
    throw new Bad("this is no UTF-8", "text in UTF-8", quoteOf(lenient.decode(data.subarray(0, 60))));
  }
}

/** Text of any bytes, for reading only: what is no UTF-8 becomes U+FFFD. */
export const shownText = (data: Uint8Array): string => lenient.decode(data);

/** A text of unknown origin as it is told in a message: quoted, cut, nothing invisible left invisible. */
export function quoteOf(text: string, most = 80): string {
  return JSON.stringify(text.slice(0, most)).replaceAll(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += HEX[byte];
  return text;
}

/** @throws Bad it is not pairs of lower-case hexadecimal digits. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 || !/^[0-9a-f]*$/.test(text)) throw new Bad("not hexadecimal", "pairs of 0-9 and a-f", quoteOf(text));
  const data = new Uint8Array(text.length / 2);
  for (let i = 0; i < data.length; i++) data[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return data;
}

export function toBase64(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Standard base64 in its one spelling: padded, no white space, unused bits zero. @throws Bad it is not. */
export function fromBase64(text: string): Bytes {
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Bad("not base64", "standard base64", quoteOf(text));
  const binary = atob(text);
  if (btoa(binary) !== text) throw new Bad("not base64 as it is written", btoa(binary), quoteOf(text));
  const data = new Uint8Array(binary.length);
  for (let i = 0; i < data.length; i++) data[i] = binary.charCodeAt(i);
  return data;
}

/** The first place of a sequence of bytes, or -1. */
export function find(data: Uint8Array, wanted: Uint8Array, from = 0): number {
  for (let at = data.indexOf(wanted[0]!, from); at >= 0; at = data.indexOf(wanted[0]!, at + 1)) {
    if (at + wanted.length > data.length) return -1;
    let i = 1;
    while (i < wanted.length && data[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return -1;
}
