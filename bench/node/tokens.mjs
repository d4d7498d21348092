// Counts the tokens of texts twice over with a package; see bench/tokens.c, which does the same with ours.
//
//   node tokens.mjs PACKAGE ENCODING WARM MEASURE
import { readFileSync } from "node:fs";

const [name, encoding, warmPath, measurePath] = process.argv.slice(2);
const counters = {
  async tiktoken() {
    const { get_encoding } = await import("tiktoken");
    const encoder = get_encoding(encoding);
    return (text) => encoder.encode_ordinary(text).length;
  },
  async "gpt-tokenizer"() {
    const { countTokens } = await import(`gpt-tokenizer/encoding/${encoding}`);
    return (text) => countTokens(text);
  },
  async "ai-tokenizer"() {
    const { default: Tokenizer } = await import("ai-tokenizer");
    const tokenizer = new Tokenizer(await import(`ai-tokenizer/encoding/${encoding}`));
    return (text) => tokenizer.count(text);
  },
};

const read = (path) => readFileSync(path, "utf8").split("\0").slice(0, -1);
const count = await counters[name]();
const countAll = (texts) => texts.reduce((sum, text) => sum + count(text), 0);

const warm = read(warmPath);
const measure = read(measurePath);
countAll(warm);
const start = performance.now();
const tokens = countAll(measure);
const first = performance.now();
const again = countAll(measure);
const end = performance.now();
console.log(tokens, (first - start) / 1000, (end - first) / 1000);
process.exit(tokens === again ? 0 : 1);
