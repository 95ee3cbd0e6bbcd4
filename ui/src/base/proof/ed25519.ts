/**
 * Ed25519 (RFC 8032) by the browser's own WebCrypto, with the keys refused on which verifiers disagree: not reduced,
 * not on the curve, of small order.
 */

import { Bad, toHex, type Bytes } from "./bytes";

const P = 2n ** 255n - 19n;
const LOW = 2n ** 255n - 1n;

function power(base: bigint, exponent: bigint): bigint {
  let found = 1n;
  for (base %= P; exponent; exponent >>= 1n, base = (base * base) % P) if (exponent & 1n) found = (found * base) % P;
  return found;
}

const D = (P - ((121665n * power(121666n, P - 2n)) % P)) % P;
const EIGHTH = little("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05") & LOW;
const SMALL = new Set([0n, 1n, P - 1n, EIGHTH, P - EIGHTH]);

function little(hex: string): bigint {
  return BigInt(`0x${hex.match(/../g)!.toReversed().join("")}`);
}

/** @throws Bad these bytes are no public key that every verifier reads alike. */
export function checkPoint(key: Uint8Array): void {
  const wrong = new Bad("not an acceptable Ed25519 key", "a point of large order", toHex(key).slice(0, 64));
  if (key.length !== 32) throw wrong;
  const y = little(toHex(key)) & LOW;
  if (y >= P || SMALL.has(y)) throw wrong;
  const u = (y * y - 1n) % P;
  const v = (D * y * y + 1n) % P;
  if (power(u * v, (P - 1n) / 2n) !== 1n) throw wrong;
}

/** This browser cannot check Ed25519 signatures; said, and never taken for a bad one. */
export class CannotVerify extends Error {}

let known: Promise<boolean> | undefined;

/** Whether this browser checks Ed25519: it needs a version of 2025 or later, and a page that came by TLS or from this machine. */
export function canVerify(): Promise<boolean> {
  known ??= (async () => {
    try {
      // RFC 8032, section 7.1, test 1: a browser that says yes to everything would be no check.
      const key = bytesOf("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
      const good = bytesOf("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
      const bad = good.slice();
      bad[0]! ^= 1;
      const made = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
      return (await crypto.subtle.verify("Ed25519", made, good, new Uint8Array())) && !(await crypto.subtle.verify("Ed25519", made, bad, new Uint8Array()));
    } catch {
      return false;
    }
  })();
  return known;
}

function bytesOf(hex: string): Bytes {
  return new Uint8Array(hex.match(/../g)!.map((pair) => Number.parseInt(pair, 16)));
}

/**
 * Whether a key signed a message.
 *
 * @throws CannotVerify this browser does not know Ed25519.
 */
export async function verifies(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!(await canVerify())) throw new CannotVerify("this browser cannot check Ed25519 signatures");
  try {
    const made = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", made, signature, message);
  } catch {
    return false;
  }
}
