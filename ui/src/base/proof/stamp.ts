/** Time stamps (RFC 3161, section 2.4.2): what they are over and what time they state; never who signed them. */

import { Bad, equal, fromHex, shownText, toHex, type Bytes } from "./bytes";

type Element = readonly [tag: number, content: Uint8Array];

const SHA256_OID = fromHex("608648016503040201");

/** The DER elements these bytes are made of. */
function elements(data: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < data.length; ) {
    if (at + 2 > data.length) throw new Bad("not a time stamp", "DER", "an end in the middle");
    const tag = data[at]!;
    let length = data[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const width = length & 0x7f;
      if (width < 1 || width > 4) throw new Bad("not a time stamp", "DER, definite lengths", width);
      length = 0;
      for (let i = 0; i < width; i++) length = length * 256 + (data[at + i] ?? 0);
      at += width;
    }
    if ((tag & 0x1f) === 0x1f || at + length > data.length) throw new Bad("not a time stamp", "DER", `tag ${tag}, ${length} bytes`);
    found.push([tag, data.subarray(at, at + length)]);
    at += length;
  }
  return found;
}

/** What an element of a tag holds, at least so many. */
function inside(part: Element | undefined, tag: number, least: number): Element[] {
  const found = part?.[0] === tag ? elements(part[1]) : [];
  if (found.length < least) throw new Bad("not a time stamp", `an element 0x${tag.toString(16)} of ${least} parts`, `${part?.[0] ?? "none"} of ${found.length}`);
  return found;
}

/** SHA-256 of what a time stamp is over, and the time it states. @throws Bad it is no granted time stamp of that digest. */
export function stamped(data: Uint8Array): { digest: Bytes; at: string } {
  const whole = elements(data);
  const answer = inside(whole.length === 1 ? whole[0] : undefined, 0x30, 2);
  const status = inside(answer[0], 0x30, 1)[0]!;
  if (status[0] !== 2 || !equal(status[1], new Uint8Array([0]))) throw new Bad("the authority did not grant a time stamp", "status 0");
  const signed = inside(inside(inside(answer[1], 0x30, 2)[1], 0xa0, 1)[0], 0x30, 4);
  const content = inside(inside(inside(signed[2], 0x30, 2)[1], 0xa0, 1)[0], 0x04, 1);
  const info = inside(content[0], 0x30, 5);
  const imprint = inside(info[2], 0x30, 2);
  const algorithm = inside(imprint[0], 0x30, 1)[0]!;
  if (algorithm[0] !== 6 || !equal(algorithm[1], SHA256_OID) || imprint[1]![0] !== 4 || info[4]![0] !== 0x18) {
    throw new Bad("a time stamp of another digest than SHA-256", "SHA-256", toHex(imprint[1]![1]).slice(0, 64));
  }
  return { digest: imprint[1]![1].slice() as Bytes, at: shownText(info[4]![1]) };
}
