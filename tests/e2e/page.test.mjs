// The demo shop as a visitor sees it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Server, folder, sourceRoot, until } from "./support/server.mjs";
import { picture, startBrowser } from "./support/browser.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

// The shop's own folder, copied, so that its database lies elsewhere.
function shopFolder() {
  const path = folder();
  cpSync(join(sourceRoot, "examples/shop/site"), join(path, "site"), { recursive: true });
  cpSync(join(sourceRoot, "examples/shop/faq.md"), join(path, "faq.md"));
  return path;
}
const offlineShop = {
  site: "site",
  bots: { support: { models: ["offline"], knowledge: ["faq.md"], access: { anonymous: true } } },
};

async function lastAnswer(page) {
  await page.locator("#send:not([disabled])").waitFor();
  return page.locator("#messages li").last().innerText();
}
async function ask(page, text) {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
  return lastAnswer(page);
}
const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test("the shop answers from its documents, narrow and wide, light and dark", async (t) => {
  const browser = await startBrowser(t);
  const server = await Server.start(t, offlineShop, { path: shopFolder() });
  for (const [width, height] of [[360, 740], [1440, 900]])
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      const problems = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      await page.goto(server.url);
      assert.match(await ask(page, "Do you ship to Germany?"), /Germany/);
      assert.match(await ask(page, "How can I pay?"), /PayPal/);
      assert.doesNotMatch(await ask(page, "Who won the world cup in 1954?"), /Germany/);
      assert.equal(await overflows(page), false);
      await picture(page, `shop-${width}-${colorScheme}`);
      assert.deepEqual(problems, []);
      await page.close();
    }
});

test("the answer appears word by word, and a failure can be tried again", async (t) => {
  const provider = await startProvider(t);
  const browser = await startBrowser(t);
  const server = await Server.start(t, { ...oneBot(provider, { knowledge: [] }), site: "site" }, { path: shopFolder() });
  const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
  await page.goto(server.url);
  await page.fill("#text", "slow 150; say one two three four five six seven eight");
  await page.press("#text", "Enter");
  const seen = new Set();
  await until(async () => {
    const text = await page.locator("#messages li").last().innerText();
    seen.add(text);
    return text.endsWith("eight");
  }, "the whole answer");
  assert.ok(seen.size >= 4, `${seen.size} states`);
  await ask(page, "error-after 1; say one two");
  const problem = page.locator("#messages li.error");
  assert.match(await problem.innerText(), /Try again/);
  await picture(page, "shop-360-error");
  provider.kill();
  await problem.getByRole("button").click();
  await lastAnswer(page);
  assert.equal(await page.locator("#messages li.error").count(), 1);
});

test("what a model writes is text, never markup", async (t) => {
  const provider = await startProvider(t);
  const browser = await startBrowser(t);
  const server = await Server.start(t, { ...oneBot(provider), site: "site" }, { path: shopFolder() });
  const page = await browser.newPage();
  await page.goto(server.url);
  assert.equal(await ask(page, "say <img src=x onerror=alert(1)> <b>bold</b>"), "<img src=x onerror=alert(1)> <b>bold</b>");
  assert.equal(await page.locator("#messages img, #messages b").count(), 0);
});

test("the picture in the README is there and small", () => {
  assert.ok(readFileSync(join(sourceRoot, "docs/demo.png")).length < 200 * 1024);
});
