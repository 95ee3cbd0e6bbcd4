/**
 * The tree of RFC 6962, section 2.1, and its proofs as RFC 9162 checks them (2.1.3.2 and 2.1.4.2).
 *
 * Indices and sizes are numbers up to 2^53, divided and never shifted: shifts would keep 32 bits of them.
 */

import { Bad, equal, toHex, type Bytes } from "./bytes";
import { sha256 } from "./sha256";

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

export const leafHash = (leaf: Uint8Array): Bytes => sha256(LEAF, leaf);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Bytes => sha256(NODE, left, right);

const half = (value: number): number => Math.floor(value / 2);
const odd = (value: number): boolean => value % 2 === 1;

/** The root that a leaf's hash and a path lead to. @throws Bad there is no such leaf, or the path has another length. */
export function rootOf(hash: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Bytes {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new Bad("no such leaf", `below ${size}`, index);
  }
  let node = hash;
  let last = size - 1;
  for (const step of path) {
    if (last === 0 || step.length !== 32) throw new Bad("the proof is too long, or holds no hash", "as many hashes as the tree is deep", path.length);
    if (odd(index) || index === last) {
      node = nodeHash(step, node);
      while (!odd(index) && index) [index, last] = [half(index), half(last)];
    } else {
      node = nodeHash(node, step);
    }
    [index, last] = [half(index), half(last)];
  }
  if (last) throw new Bad("the proof is too short", "as many hashes as the tree is deep", path.length);
  return node as Bytes;
}

/** @throws Bad the leaf of this hash is not in the tree of that root. */
export function checkInclusion(hash: Uint8Array, index: number, size: number, path: readonly Uint8Array[], root: Uint8Array): void {
  const found = rootOf(hash, index, size, path);
  if (root.length !== 32 || !equal(found, root)) throw new Bad("the leaf is not in the signed tree", toHex(root), toHex(found));
}

/** @throws Bad the later tree does not begin with the earlier one. */
export function checkConsistency(first: number, second: number, root1: Uint8Array, root2: Uint8Array, path: readonly Uint8Array[]): void {
  if (!Number.isSafeInteger(second) || !(first > 0 && first < second) || !path.length || path.some((step) => step.length !== 32)) {
    throw new Bad("not a proof between these sizes", `0 < ${first} < ${second}, hashes`, path.length);
  }
  let index = first - 1;
  let last = second - 1;
  while (odd(index)) [index, last] = [half(index), half(last)];
  // Where the earlier size is a power of two, its root is the first node, and is left out of the proof.
  const isPower = Number.isInteger(Math.log2(first)) && 2 ** Math.round(Math.log2(first)) === first;
  const steps = isPower ? [root1, ...path] : path;
  let before = steps[0]!;
  let after = before;
  for (const step of steps.slice(1)) {
    if (last === 0) throw new Bad("the proof is too long", "", path.length);
    if (odd(index) || index === last) {
      before = nodeHash(step, before);
      after = nodeHash(step, after);
      while (!odd(index) && index) [index, last] = [half(index), half(last)];
    } else {
      after = nodeHash(after, step);
    }
    [index, last] = [half(index), half(last)];
  }
  if (last || !equal(before, root1) || !equal(after, root2)) {
    throw new Bad("the later checkpoint does not extend the earlier one", toHex(root2), toHex(after));
  }
}
