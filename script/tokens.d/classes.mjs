// The classes of characters that the split patterns tell apart, as a table of two stages.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const property = (name) => require(`regenerate-unicode-properties/${name}.js`).characters.toArray();

// The same as enum tokens_class in src/model/tokens_scan.c.
const upper = 1; // may stand in the first part of a word of o200k_base: all letters but small ones, and marks
const lower = 2; // … in its second part: all but capital ones, and marks
const letter = 4;
const number = 8;
const space = 16;
const lineEnd = 32;

const pageSize = 64; // what a UTF-8 sequence's last byte tells

/** `pages`: for each 64 code points where in `classes` theirs begin, in steps of 64. */
export function characterClasses() {
  const all = new Uint8Array(0x110000);
  const mark = (name, bits) => {
    for (const code of property(name)) all[code] |= bits;
  };
  for (const name of ["Uppercase_Letter", "Titlecase_Letter"]) mark(`General_Category/${name}`, letter | upper);
  mark("General_Category/Lowercase_Letter", letter | lower);
  for (const name of ["Modifier_Letter", "Other_Letter"]) mark(`General_Category/${name}`, letter | upper | lower);
  mark("General_Category/Mark", upper | lower);
  mark("General_Category/Number", number);
  mark("Binary_Property/White_Space", space);
  for (const code of [10, 13]) all[code] |= lineEnd;

  const pages = new Uint16Array(all.length / pageSize);
  const known = new Map();
  const classes = [];
  for (let page = 0; page < pages.length; page++) {
    const part = all.subarray(page * pageSize, (page + 1) * pageSize);
    const key = Buffer.from(part).toString("latin1");
    if (!known.has(key)) {
      known.set(key, known.size);
      classes.push(part);
    }
    pages[page] = known.get(key);
  }
  return { pages, classes: Buffer.concat(classes) };
}
