// Builds dist/widget.js (for a script tag) and dist/widget.mjs (a module), and fails where one is larger than it may be.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

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
  const size = gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;
  console.log(`${file}: ${size} bytes gzipped, of ${SIZE_MAX}`);
  if (size > SIZE_MAX) process.exit(1);
}
