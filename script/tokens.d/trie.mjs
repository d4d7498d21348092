// A trie of all tokens, and its form for the program: a double array.

/** Nodes are numbers, 0 is the root. `value` is the token that ends at a node, or -1. */
export class Trie {
  constructor(tokens) {
    const most = tokens.reduce((sum, token) => sum + token.length, 1);
    this.size = 1;
    this.value = new Int32Array(most).fill(-1);
    this.label = new Uint8Array(most);
    this.firstChild = new Int32Array(most); // 0: none
    this.sibling = new Int32Array(most); // 0: none
    // (parent, byte) → node, open addressing.
    this.mask = 1;
    while (this.mask < most * 2) this.mask *= 2;
    this.table = new Int32Array(this.mask);
    this.parent = new Int32Array(most);
    this.mask--;
    tokens.forEach((token, id) => {
      let node = 0;
      for (const byte of token) node = this.child(node, byte, true);
      if (this.value[node] !== -1) throw new Error(`token ${id} is there twice`);
      this.value[node] = id;
    });
  }

  /** The child by that byte; 0 where there is none and none is wanted. */
  child(node, byte, create = false) {
    let at = (Math.imul(node * 256 + byte, 0x9e3779b1) >>> 7) & this.mask;
    for (let found; (found = this.table[at]); at = (at + 1) & this.mask) {
      if (this.parent[found] === node && this.label[found] === byte) return found;
    }
    if (!create) return 0;
    const made = this.size++;
    this.table[at] = made;
    this.parent[made] = node;
    this.label[made] = byte;
    this.sibling[made] = this.firstChild[node];
    this.firstChild[node] = made;
    return made;
  }
}

// A unit of the double array: label (9 bits), is a leaf, has a value, and 21 bits: for a leaf its value, else the base.
// The child by byte c stands at base ^ c and carries the label c. No two nodes have the same base, so the label alone
// tells whose child it is. The value of a node with children stands at base ^ 0xFF under a label that no byte has;
// below the root no token has a byte of 0xFF.
const labelFree = 0x1fe;
const labelValue = 0x1ff;
const slotOfValue = 0xff;
const flagLeaf = 1 << 9;
const flagValue = 1 << 10;
const shift = 11;
// Where the array is nearly full, free places are looked for near its end only.
const window = 4096;

export class DoubleArray {
  constructor(trie) {
    this.trie = trie;
    const most = 1 << 21;
    this.units = new Uint32Array(most).fill(labelFree);
    this.usedBase = new Uint8Array(most);
    // A free place leads to itself, a used one towards the next that is free.
    this.next = new Uint32Array(most + 1).map((_, at) => at);
    this.end = 256; // rounded up to blocks of 256
    this.next[0] = 1;
    this.place();
    this.units = this.units.subarray(0, this.end);
  }

  /** The first free place from `at` on. */
  free(at) {
    let found = at;
    while (this.next[found] !== found) found = this.next[found];
    while (at !== found) {
      const after = this.next[at];
      this.next[at] = found;
      at = after;
    }
    return found;
  }

  /** A base that no node has and where all these labels find a free place. */
  findBase(labels) {
    const from = Math.max(1, this.end - window);
    search: for (let at = this.free(from); ; at = this.free(at + 1)) {
      const base = at ^ labels[0];
      if (this.usedBase[base]) continue;
      for (const label of labels) if (this.next[base ^ label] !== (base ^ label)) continue search;
      if (base >= this.units.length - 256) throw new Error("the trie is too large");
      return base;
    }
  }

  place() {
    const { value, label, firstChild, sibling } = this.trie;
    // Depth first: what one word goes through stands close together in memory.
    const stack = [[0, 0]];
    while (stack.length > 0) {
      const [node, place] = stack.pop();
      const own = node === 0 ? labelFree : label[node];
      if (!firstChild[node]) {
        this.units[place] = own | flagLeaf | flagValue | (value[node] << shift);
        continue;
      }
      const children = [];
      for (let child = firstChild[node]; child; child = sibling[child]) children.push(child);
      const labels = children.map((child) => label[child]);
      const hasValue = value[node] !== -1;
      if (node !== 0 && labels.includes(slotOfValue)) throw new Error("a token holds the byte 0xFF");
      if (hasValue) labels.push(slotOfValue);
      const base = this.findBase(labels);
      this.usedBase[base] = 1;
      for (const each of labels) this.next[base ^ each] = (base ^ each) + 1;
      this.end = Math.max(this.end, (base | 0xff) + 1);
      this.units[place] = own | (hasValue ? flagValue : 0) | (base << shift);
      if (hasValue) this.units[base ^ slotOfValue] = labelValue | (value[node] << shift);
      for (const child of children) stack.push([child, base ^ label[child]]);
    }
  }
}
