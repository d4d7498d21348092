// `switchboard tokens` gives the ids that OpenAI's tiktoken gives, for everything we could think of.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { get_encoding } from "tiktoken";
import { run, sourceRoot, folder } from "./support/server.mjs";

const encodings = ["o200k_base", "cl100k_base"];

// The ids of many texts, none of which holds a NUL.
function ours(encoding, texts) {
  const input = texts.map((text) => text + "\0").join("");
  const done = run(["tokens", "--ids", "--null", "--encoding", encoding, "-"], { input, maxBuffer: 1 << 28, timeout: 100000 });
  assert.equal(done.status, 0, done.err);
  const lines = done.out.split("\n").slice(0, -1);
  assert.equal(lines.length, texts.length);
  return lines;
}

function assertSame(texts) {
  for (const encoding of encodings) {
    const theirs = get_encoding(encoding);
    ours(encoding, texts).forEach((line, at) => {
      const wanted = theirs.encode_ordinary(texts[at]).join(" ");
      if (line !== wanted) assert.equal(line, wanted, `${encoding}: ${JSON.stringify(texts[at].slice(0, 200))}`);
    });
    theirs.free();
  }
}

// The same numbers in each run.
function dice(seed) {
  return (limit) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
}

test("the golden file", () => {
  const golden = readFileSync(join(sourceRoot, "script/tokens.d/node_modules/gpt-tokenizer/data/TestPlans.txt"), "utf8");
  const cases = [...golden.matchAll(/^EncodingName: (.*)\nSample: (.*)\nEncoded: \[(.*)\]$/gm)];
  for (const encoding of encodings) {
    const plans = cases.filter(([, name]) => name === encoding);
    assert.ok(plans.length > 50, `${plans.length} samples of ${encoding}`);
    const lines = ours(encoding, plans.map(([, , sample]) => sample));
    lines.forEach((line, at) => assert.equal(line, plans[at][3].split(", ").join(" "), plans[at][2]));
  }
});

test("10,000 random texts", () => {
  const roll = dice(20261123);
  const between = (from, to) => () => from + roll(to - from);
  const oneOf = (text) => () => text.codePointAt(roll(text.length));
  const kinds = [
    between(0x20, 0x7f), between(0x61, 0x7b), between(0x41, 0x5b), between(0x30, 0x3a),
    oneOf(" \t\n\r\u00a0\u0085\u2028\u3000\ufeff  \n"), // blanks of all sorts
    oneOf("'''sStTmMdDrReEvVlL\u017f\u212a"), // short forms, and what a case-blind match takes for s and k
    between(0x80, 0x250), between(0x2b0, 0x370), between(0x400, 0x500), between(0x590, 0x700),
    between(0x900, 0xd00), between(0xe00, 0x1000), between(0x1c4, 0x1d0), between(0x2000, 0x2800),
    between(0x3040, 0x3100), between(0x4e00, 0xa000), between(0xac00, 0xd7a4), between(0xe000, 0x10000),
    between(0x1f000, 0x1fb00), between(0x10000, 0x110000), oneOf("//\n\r!?.,;:-_()[]{}<>=+*"),
  ];
  const texts = Array.from({ length: 10000 }, () => {
    const mix = Array.from({ length: 1 + roll(4) }, () => kinds[roll(kinds.length)]);
    return Array.from({ length: roll(70) }, () => String.fromCodePoint(mix[roll(mix.length)]())).join("");
  });
  assertSame(texts);
});

test("every character of Unicode among letters, numbers, marks and short forms", () => {
  const texts = [];
  let text = "";
  for (let code = 1; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    if (code === 0x3ffff) code = 0xe0000; // nothing is assigned there …
    if (code === 0xe0200) code = 0x10fff0; // … nor there
    const c = String.fromCodePoint(code);
    text += `!${c}'s ${c}1234 A${c}b${c}\n`;
    if (code % 64 === 0) {
      texts.push(text);
      text = "";
    }
  }
  assertSame([...texts, text]);
});

test("languages, code, emoji", () => {
  const files = ["src/model/tokens_scan.c", "script/tokens.d/trie.mjs", "docs/ARCHITECTURE.md", "tests/e2e/package-lock.json"];
  assertSame([
    "你好，世界！今天天气怎么样？我们明天去北京，好吗？",
    "こんにちは、世界。今日はいい天気ですね。カタカナとひらがな。",
    "مرحبا بالعالم! كيف حالك اليوم؟ اللُّغَةُ العَرَبِيَّةُ جَمِيلَةٌ.",
    "नमस्ते दुनिया, आप कैसे हैं? สวัสดีชาวโลก שָׁלוֹם עוֹלָם",
    "Привет, мир! Größenwahn, façade, naïve, ǅungla, ĳsvrij, ﬁn.",
    "👩‍👩‍👧‍👦👍🏽🏳️‍🌈🇩🇪❤️‍🔥 1️⃣2️⃣ ☺️",
    "<|endoftext|><|im_start|>system<|endofprompt|>",
    "a\u0301e\u0301\u0323 \u0301\u0301A \u200b\u200d\ufeff x²³ ½ ⅷ Ⅷ ٣٤٥٦",
    ...files.map((file) => readFileSync(join(sourceRoot, file), "utf8")),
  ]);
});

test("long runs", () => {
  const units = ["a", "A", " ", "\n", " \n", "\r\n", "1", "!", "/", "=", "é", "中", "ا", "😀", "ab", "Ab", "a ", "'s", "\u0301", "x="];
  // Not longer: the time that tiktoken takes grows with the square.
  assertSame(units.flatMap((unit) => [1, 2, 3, 4, 5, 17, 129, 1000, 5000].map((count) => unit.repeat(count))));
});

test("bytes that are no text, NUL among them, and files", () => {
  const path = folder({ one: "hello world", two: "a\0b", empty: "" });
  const files = ["one", "two", "empty"].map((name) => join(path, name));
  const theirs = get_encoding("o200k_base");
  const done = run(["tokens", "--ids", files[1]]);
  assert.equal(done.out, theirs.encode_ordinary("a\0b").join(" ") + "\n");
  const counts = run(["tokens", "--model", "gpt-4o", ...files]);
  assert.deepEqual(counts.out.split("\n").map((line) => line.split("  ")[0]), ["2", "3", "0", ""]);
  assert.equal(counts.err, "");
  const broken = run(["tokens", "-"], { input: Buffer.from([0xff, 0x61, 0xc3, 0x80, 0xed, 0xa0, 0x80]) });
  assert.equal(broken.status, 0);
  assert.match(broken.out, /^[1-9]\d*\n$/);
});

test("the model decides the encoding, and an estimate says that it is one", () => {
  const input = "antidisestablishmentarianism 你好";
  const count = (...args) => run(["tokens", ...args, "-"], { input });
  assert.equal(count("--model", "gpt-4").out, count("--encoding", "cl100k_base").out);
  assert.equal(count("--model", "openai/gpt-4o-mini-2024-07-18").out, count("--encoding", "o200k_base").out);
  assert.notEqual(count("--model", "gpt-4").out, count().out);
  const estimate = count("--model", "claude-sonnet-4-5");
  assert.equal(estimate.status, 0);
  assert.match(estimate.err, /not public.*o200k_base/);
  for (const [args, status, what] of [
    [["--model", "no-such-model"], 1, /not known/],
    [["--encoding", "p50k"], 1, /no encoding p50k/],
    [["--encoding", "o200k_base", "--model", "gpt-4"], 2, /not both/],
    [["--nonsense"], 2, /unknown option/],
  ]) {
    const done = count(...args);
    assert.equal(done.status, status);
    assert.match(done.err, what);
    assert.equal(done.out, "");
  }
  assert.equal(run(["tokens"]).status, 2);
  assert.match(run(["tokens", "/no/such/file"]).err, /No such file/);
});
