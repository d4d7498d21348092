// How each token comes about: the two tokens that byte-pair encoding merges last. OpenAI's files do not say it; it
// follows from the ranks, because each token's parts have lower ranks.

const isByte = 0x80000000;
const empty = 0xffffffff;

export class Merges {
  constructor(tokens, trie) {
    this.bits = Math.ceil(Math.log2(tokens.length)); // of the number of slots
    if (this.bits > 18) throw new Error("too many tokens for a slot's 18 bits");
    // For each token left and right; a token of one byte has that byte, marked, as both.
    this.parts = new Uint32Array(tokens.length * 2);
    // Token (18 bits) and 14 more bits of its pair's hash, or empty.
    this.slots = new Uint32Array(1 << this.bits).fill(empty);
    // One bit for each of 8 times as many hashes: most pairs are no token's, and this says so with one look.
    this.filter = new Uint32Array(1 << (this.bits - 2));
    tokens.forEach((token, id) => this.add(token, id, trie));
  }

  add(token, id, trie) {
    if (token.length === 1) {
      this.parts[2 * id] = this.parts[2 * id + 1] = (isByte | token[0]) >>> 0;
      return;
    }
    const lefts = []; // tokens that it begins with, and their lengths
    for (let node = 0, size = 0; size < token.length - 1; ) {
      node = trie.child(node, token[size++]);
      if (trie.value[node] !== -1 && trie.value[node] < id) lefts.push([trie.value[node], size]);
    }
    for (const [left, size] of lefts.reverse()) {
      let node = 0;
      for (let at = size; at < token.length && (at === size || node); at++) node = trie.child(node, token[at]);
      const right = node ? trie.value[node] : -1;
      if (right === -1 || right >= id || !this.stayApart(left, right)) continue;
      this.parts[2 * id] = left;
      this.parts[2 * id + 1] = right;
      this.insert(left, right, id);
      return;
    }
    throw new Error(`token ${id} is not made of two others`);
  }

  /** The same as pair_hash in src/model/tokens_tables.h. */
  hash(left, right) {
    const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca77);
    return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae3d) >>> 0;
  }

  insert(left, right, id) {
    const hash = this.hash(left, right);
    const bit = hash >>> (29 - this.bits);
    this.filter[bit >>> 5] |= 1 << (bit & 31);
    let at = hash >>> (32 - this.bits);
    while (this.slots[at] !== empty) at = (at + 1) % this.slots.length;
    this.slots[at] = (((hash & 0x3fff) << 18) | id) >>> 0;
  }

  /** The token merged from these two, or Infinity. */
  merged(left, right) {
    const hash = this.hash(left, right);
    for (let at = hash >>> (32 - this.bits); this.slots[at] !== empty; at = (at + 1) % this.slots.length) {
      const id = this.slots[at] & 0x3ffff;
      if (this.parts[2 * id] === left && this.parts[2 * id + 1] === right) return id;
    }
    return Infinity;
  }

  /** True if byte-pair encoding of the two's bytes gives just these two, before they are merged themselves; see
   *  stay_apart in src/model/tokens_merge.c. */
  stayApart(left, right) {
    for (let limit = Infinity; ; ) {
      if (this.merged(left, right) < limit) return false;
      const leftIsByte = this.parts[2 * left] >= isByte;
      const rightIsByte = this.parts[2 * right] >= isByte;
      if (leftIsByte && rightIsByte) return true;
      if (rightIsByte || (left > right && !leftIsByte)) {
        limit = left;
        left = this.parts[2 * left + 1];
      } else {
        limit = right + 1;
        right = this.parts[2 * right];
      }
    }
  }
}
