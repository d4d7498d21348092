// What the widget says first depends on the page.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, run, folder, until } from "./support/server.mjs";
import { startBrowser } from "./support/browser.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { startPage, Tab } from "./support/page_server.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";

const widget = {
  welcome: { en: "Hello!", de: "Hallo!" },
  suggestions: ["say anything"],
  pages: [
    { match: "/products/*/sizes", welcome: "Which size?" },
    { match: "/products/*", welcome: { en: "About this product?", de: "Zu diesem Produkt?" }, suggestions: { en: ["say it ships", "say it fits"], de: ["sag etwas"] } },
    { match: "/größen/*", welcome: "By its own letters." },
    { match: "http://127.0.0.1:*/help", suggestions: [] },
    { match: "https://other.example.com/*", welcome: "Never here." },
  ],
};

async function start(t) {
  const [provider, page, browser] = await Promise.all([startProvider(t), startPage(t), startBrowser(t)]);
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: true, origins: [page.origin, origin] }, widget }));
  page.widget = server.url;
  return { server, page, browser };
}

const welcome = (tab) => tab.page.locator(".message .text").first().innerText();
const suggestions = (tab) => tab.page.locator(".suggestions button").allInnerTexts();
const says = (tab, text) => until(async () => (await tab.page.locator(".message .text").count()) && (await welcome(tab)) === text, `the welcome "${text}"`);

test("boot has the pages in the visitor's language", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: true, origins: [origin] }, widget }));
  const boot = await new Visitor(server).boot("de");
  assert.deepEqual(boot.pages, [
    { match: "/products/*/sizes", welcome: "Which size?" },
    { match: "/products/*", welcome: "Zu diesem Produkt?", suggestions: ["sag etwas"] },
    { match: "/größen/*", welcome: "By its own letters." },
    { match: "http://127.0.0.1:*/help", suggestions: [] },
    { match: "https://other.example.com/*", welcome: "Never here." },
  ]);
});

test("each page has its own words, the first that fits; the rest is the bot's", async (t) => {
  const { page, browser } = await start(t);
  const context = await browser.newContext();
  for (const [path, said, offered] of [
    ["/", "Hello!", ["say anything"]],
    ["/products/lamp", "About this product?", ["say it ships", "say it fits"]],
    ["/products/", "About this product?", ["say it ships", "say it fits"]],
    ["/products/lamp/sizes", "Which size?", ["say anything"]],
    ["/products", "Hello!", ["say anything"]],
    ["/gr%C3%B6%C3%9Fen/m", "By its own letters.", ["say anything"]],
    ["/help", "Hello!", []],
    ["/help/more?x=/help", "Hello!", ["say anything"]],
  ]) {
    const tab = await Tab.open(context, page.origin + path);
    await tab.show();
    await says(tab, said);
    assert.deepEqual(await suggestions(tab), offered, path);
    await tab.page.close();
  }
});

test("a page that becomes another without being loaded has the words of that one, until something is said", async (t) => {
  const { page, browser } = await start(t);
  // Once with a browser that tells of each change, once with one that tells of those by its buttons only.
  for (const tells of [true, false]) {
    const context = await browser.newContext();
    if (!tells) await context.addInitScript(() => Object.defineProperty(window, "navigation", { value: undefined }));
    const tab = await Tab.open(context, `${page.origin}/`);
    const go = (path) => tab.page.evaluate((to) => history.pushState({}, "", to), path);
    await tab.show();
    await says(tab, "Hello!");
    await go("/products/lamp");
    if (!tells) {
      await tab.page.locator("header").getByRole("button", { name: "Close chat" }).click();
      await tab.page.locator(".launcher").click();
    }
    await says(tab, "About this product?");
    await tab.page.goBack();
    await says(tab, "Hello!");
    await go("/products/lamp");
    await tab.page.getByRole("button", { name: "More" }).click();
    await tab.page.getByRole("button", { name: "New conversation" }).click();
    await says(tab, "About this product?");
    await tab.page.getByRole("button", { name: "say it ships" }).click();
    await tab.answered(/it ships/);
    await go("/");
    await tab.send("say more");
    await tab.answered(/more/);
    assert.equal(await welcome(tab), "About this product?");
    assert.deepEqual(tab.problems, []);
    await context.close();
  }
});

test("a pattern that can match nothing is a mistake of the configuration, with its line", () => {
  const path = folder({ "c.yaml": 'bots:\n  b:\n    models: [offline]\n    widget:\n      pages:\n        - match: "/a?b=*"\n          welcome: Hi\n' });
  const { status, out, err } = run(["check", "-c", `${path}/c.yaml`]);
  assert.equal(status, 1);
  assert.match(out + err, /c\.yaml:6:\d+.*bots\.b\.widget\.pages\[0\]\.match.*only the path is looked at/s);
});
