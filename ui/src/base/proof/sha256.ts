/**
 * SHA-256 (FIPS 180-4), fed in pieces and answered at once.
 *
 * The browser's own knows neither: it takes a message whole and answers later, which is too slow for the hundred
 * thousand small hashes of a tree and too much memory for a large file.
 */

import type { Bytes } from "./bytes";

const K = new Int32Array(64);
const START = new Int32Array(8);

// The constants are fractions of the cube and square roots of the first primes (section 4.2.2 and 5.3.3), exact here.
function root(value: bigint, power: bigint): bigint {
  let low = 0n;
  let high = 1n << 40n;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** power <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

for (let prime = 2, found = 0; found < 64; prime++) {
  let isPrime = true;
  for (let by = 2; by * by <= prime; by++) if (prime % by === 0) isPrime = false;
  if (!isPrime) continue;
  K[found] = Number(BigInt.asIntN(32, root(BigInt(prime) << 96n, 3n)));
  if (found < 8) START[found] = Number(BigInt.asIntN(32, root(BigInt(prime) << 64n, 2n)));
  found++;
}

const W = new Int32Array(64);

function compress(state: Int32Array, data: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++, at += 4) W[i] = (data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!;
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15]!;
    const y = W[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16]! + s0 + W[i - 7]! + s1) | 0;
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + W[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] = (state[0]! + a) | 0; state[1] = (state[1]! + b) | 0; state[2] = (state[2]! + c) | 0; state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0; state[5] = (state[5]! + f) | 0; state[6] = (state[6]! + g) | 0; state[7] = (state[7]! + h) | 0;
}

/** A message as it comes. {@link digest} ends it. */
export class Sha256 {
  private readonly state = START.slice();
  private readonly block = new Uint8Array(64);
  private held = 0;
  private length = 0;

  update(data: Uint8Array): this {
    this.length += data.length;
    let at = 0;
    if (this.held) {
      at = Math.min(64 - this.held, data.length);
      this.block.set(data.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 64) return this;
      compress(this.state, this.block, 0);
      this.held = 0;
    }
    for (; at + 64 <= data.length; at += 64) compress(this.state, data, at);
    this.block.set(data.subarray(at));
    this.held = data.length - at;
    return this;
  }

  digest(): Bytes {
    this.block[this.held] = 0x80;
    this.block.fill(0, this.held + 1);
    if (this.held > 55) {
      compress(this.state, this.block, 0);
      this.block.fill(0);
    }
    const view = new DataView(this.block.buffer);
    view.setUint32(56, Math.floor(this.length / 0x2000_0000));
    view.setUint32(60, (this.length << 3) >>> 0);
    compress(this.state, this.block, 0);
    const found = new Uint8Array(32);
    const out = new DataView(found.buffer);
    for (let i = 0; i < 8; i++) out.setInt32(4 * i, this.state[i]!);
    return found;
  }
}

/** SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  const made = new Sha256();
  for (const part of parts) made.update(part);
  return made.digest();
}
