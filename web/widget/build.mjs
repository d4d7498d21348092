// Builds dist/widget.js (for a script tag) and dist/widget.mjs (a module), and fails where one is larger than it may be.
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build, transformWithEsbuild } from "vite";

const SIZE_MAX = 30 * 1024; // bytes, gzipped: all that a page loads

for (const [entry, file, format] of [
  ["src/script.ts", "widget.js", "iife"],
  ["src/module.ts", "widget.mjs", "es"],
]) {
  await build({
    configFile: false,
    logLevel: "warn",
    esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
    build: {
      outDir: "dist",
      emptyOutDir: false,
      target: "es2020",
      minify: "esbuild",
      lib: { entry, formats: [format], name: "Switchboard", fileName: () => file },
    },
  });
  // Vite leaves a module its white space, for bundlers that look for notes in it: nobody bundles this one.
  if (format === "es") {
    const { code } = await transformWithEsbuild(readFileSync(`dist/${file}`, "utf8"), file, { minify: true, target: "es2020", sourcemap: false });
    writeFileSync(`dist/${file}`, code);
  }
  const size = gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;
  console.log(`${file}: ${size} bytes gzipped, of ${SIZE_MAX}`);
  if (size > SIZE_MAX) process.exit(1);
}
