// The demo shop as a visitor sees it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Server, folder, sourceRoot, until } from "./support/server.mjs";
import { picture, startBrowser } from "./support/browser.mjs";
import { Tab } from "./support/page_server.mjs";

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

test("the shop answers in its widget from its documents, narrow and wide, light and dark", async (t) => {
  const browser = await startBrowser(t);
  const server = await Server.start(t, offlineShop, { path: shopFolder() });
  for (const [width, height] of [[360, 740], [1440, 900]])
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const tab = await Tab.open(context, server.url);
      assert.equal(await tab.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
      await picture(tab.page, `shop-${width}-${colorScheme}-closed`);
      await tab.page.getByRole("button", { name: "Ask us" }).click();
      await tab.page.locator(".compose textarea").waitFor();
      await tab.send("Do you ship to Germany?");
      assert.match(await tab.answered(/Germany/), /Automatic answer/);
      await tab.send("How can I pay?");
      await tab.answered(/PayPal/);
      await tab.send("Who won the world cup in 1954?");
      await until(async () => (await tab.page.locator(".message:not(.user) .under").count()) === 3, "the last answer");
      assert.doesNotMatch(await tab.answer().innerText(), /Germany/);
      await picture(tab.page, `shop-${width}-${colorScheme}`);
      assert.deepEqual(tab.problems, []);
      await context.close();
    }
});

test("the picture in the README is there and small", () => {
  assert.ok(readFileSync(join(sourceRoot, "docs/demo.png")).length < 200 * 1024);
});
