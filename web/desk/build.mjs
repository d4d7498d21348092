// Builds dist/index.html, app.js and app.css. The page names the other two with a hash of their content, so that no cache mixes versions.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

await build({
  configFile: false,
  logLevel: "warn",
  base: "/desk/",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2020",
    minify: "esbuild",
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: { output: { entryFileNames: "app.js", assetFileNames: "app[extname]" } },
  },
});

let page = readFileSync("dist/index.html", "utf8");
for (const file of ["app.js", "app.css"]) {
  const content = readFileSync(`dist/${file}`);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  if (!page.includes(`"/desk/${file}"`)) throw new Error(`index.html does not name ${file}`);
  page = page.replace(`"/desk/${file}"`, `"/desk/${file}?${hash}"`);
  console.log(`${file}: ${gzipSync(content, { level: 9 }).length} bytes gzipped`);
}
writeFileSync("dist/index.html", page);
