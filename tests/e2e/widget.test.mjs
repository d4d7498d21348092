// The widget in a real browser, on a page of another origin with a strict policy.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { Server, until } from "./support/server.mjs";
import { startBrowser, picture } from "./support/browser.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { startPage, Tab } from "./support/page_server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function start(t, { bot = {}, config = {}, page: pageOptions, context: contextOptions } = {}) {
  const [provider, page, browser] = await Promise.all([startProvider(t), startPage(t, pageOptions), startBrowser(t)]);
  const widget = { title: "Aurora Audio", welcome: "Hello! How can I **help**?", suggestions: ["say We ship to Germany.", "say Within 30 days."] };
  const server = await Server.start(t, { threads: 2, ...oneBot(provider, { access: { anonymous: true, origins: [page.origin] }, widget, ...bot }), ...config });
  page.widget = server.url;
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...contextOptions });
  const open = async () => Tab.open(context, page.origin);
  return { provider, server, page, browser, context, open };
}

test("one request to start; then a question, its answer as it comes, and the page complains of nothing", async (t) => {
  const { open, page, server } = await start(t);
  const tab = await open();
  assert.deepEqual(tab.requests.filter((url) => !url.startsWith("data:")), [`${page.origin}/`, `${server.url}/widget.js`]);
  await tab.show();
  assert.match(await tab.answered(/How can I help/), /Hello! How can I help\?/);
  assert.equal(await tab.answer(0).locator("strong").innerText(), "help");
  await tab.page.locator(".suggestions button").first().click();
  await tab.answered(/We ship to Germany\./);
  assert.deepEqual(await tab.own(), ["say We ship to Germany."]);
  await tab.send("slow 20; say one two three four five six seven eight nine ten eleven twelve");
  await until(async () => /two three/.test(await tab.answer().innerText()), "the first words");
  assert.doesNotMatch(await tab.answer().innerText(), /twelve/);
  await tab.answered(/twelve/);
  assert.deepEqual(tab.problems, []);
});

test("a page that is loaded anew in mid stream has the chat as it was, and the answer to its end", async (t) => {
  const { open } = await start(t);
  const tab = await open();
  await tab.show();
  await tab.send("slow 30; count 60");
  await until(async () => /w5/.test(await tab.answer().innerText()), "the first words");
  await tab.page.locator(".compose textarea").fill("a half written thought");
  await tab.page.reload();
  await until(async () => /w1 w2 w3/.test(await tab.answer().innerText()), "the answer again");
  assert.match(await tab.answered(/w60/), /^Assistant:\s*w1 w2 w3 .* w59 w60/s);
  assert.deepEqual(await tab.own(), ["slow 30; count 60"]);
  assert.equal(await tab.page.locator(".compose textarea").inputValue(), "a half written thought");
  assert.deepEqual(tab.problems, []);
});

test("the server is killed in mid stream and comes back: the state is clear, nothing is lost", async (t) => {
  const { open, server } = await start(t);
  const tab = await open();
  await tab.show();
  await tab.send("slow 30; count 500");
  await until(async () => /w5/.test(await tab.answer().innerText()), "the first words");
  server.child.kill("SIGKILL");
  await server.exited;
  await tab.page.getByText("No connection. We keep trying.").waitFor();
  await tab.send("say something later");
  await tab.page.getByText("Will be sent when the answer is complete.").waitFor();
  // On the address that the page knows.
  server.write({ ...server.config, listen: `127.0.0.1:${server.port}` });
  await server.spawn();
    await tab.answered(/something later/);
  assert.deepEqual(await tab.own(), ["slow 30; count 500", "say something later"]);
  assert.match(await tab.answer(-2).innerText(), /w1 w2 .*The answer broke off\./s);
  assert.equal(await tab.page.getByText("No connection").count(), 0);
});

test("two tabs show the same conversation live; stop in one stops it in both", async (t) => {
  const { open, context, page } = await start(t);
  const first = await open();
  await first.show();
  await first.send("say hello");
  await first.answered(/hello/);
  // A link that is opened in a new tab takes the tab's own storage along.
  const [opened] = await Promise.all([context.waitForEvent("page"), first.page.evaluate((url) => void window.open(url), page.origin)]);
  const second = Object.assign(new Tab(), { page: opened, problems: [] });
  await second.answered(/hello/);
  await first.send("slow 30; count 500");
  await until(async () => /w3/.test(await second.answer().innerText()), "the answer in the other tab");
  assert.deepEqual(await second.own(), ["say hello", "slow 30; count 500"]);
  await second.page.getByRole("button", { name: "Stop answering" }).click();
  const parts = await Promise.all([first.answered(/broke off|w3/), second.answered(/broke off|w3/)]);
  assert.equal(parts[0], parts[1]);
  assert.doesNotMatch(parts[0], /w500/);
  // It works more than once.
  await second.send("slow 30; count 500");
  await until(async () => (await second.page.locator(".message:not(.user)").count()) === 4 && /w3/.test(await second.answer().innerText()), "the next answer");
  await second.page.getByRole("button", { name: "Stop answering" }).click();
  await second.answered(/w3/);
  assert.deepEqual(first.problems, []);
});

test("what is sent while an answer streams waits for its end, and can be taken back", async (t) => {
  const { open } = await start(t);
  const tab = await open();
  await tab.show();
  await tab.send("slow 40; count 40");
  await until(async () => /w2/.test(await tab.answer().innerText()), "the first words");
  await tab.send("say never");
  await tab.page.getByRole("button", { name: "Take back" }).click();
  await until(async () => (await tab.page.locator(".compose textarea").inputValue()) === "say never", "the text in the box");
  await tab.send("say afterwards");
  await tab.page.getByText("Will be sent when").waitFor();
  await tab.answered(/afterwards/);
  assert.deepEqual(await tab.own(), ["slow 40; count 40", "say afterwards"]);
  assert.match(await tab.answer(-2).innerText(), /w40/);
});

test("a tool is seen while it runs, and one that changes something asks first", async (t) => {
  const tools = {
    clock: { builtin: "now", confirm: true, confirm_text: { en: "Look at the clock?" } },
    slow: { description: "Slow.", parameters: {}, http: { url: "http://127.0.0.1:1/", allow_private: true }, visible_text: { en: "Looking it up …" } },
  };
  const { open } = await start(t, { bot: { tools: ["clock", "slow"] }, config: { tools } });
  const tab = await open();
  await tab.show();
  await tab.send("call clock {}");
  const card = tab.page.locator(".card");
  await card.waitFor();
  assert.match(await card.innerText(), /Look at the clock\?/);
  await tab.answered(/waiting/);
  await tab.page.reload();
  await card.getByRole("button", { name: "Yes" }).click();
  await tab.answered(/"time_zone":"UTC"/); // an underscore within a word is one
  assert.match(await card.innerText(), /Confirmed/);
  assert.equal(await card.getByRole("button").count(), 0);
  assert.deepEqual(await tab.own(), ["call clock {}", "yes"]);
  await tab.page.reload();
  await tab.answered(/time_zone/);
  assert.equal(await card.getByRole("button").count(), 0);
});

test("an error keeps what was typed and says what to do", async (t) => {
  const { open, server } = await start(t, { bot: { retries: 0, limits: { messages_per_minute: 1 }, message_max: "1KiB" } });
  const tab = await open();
  await tab.show();
  await tab.send("status 500");
  await tab.page.locator(".under .problem").waitFor();
  assert.equal(await tab.page.locator(".under").getByRole("button", { name: "Try again" }).count(), 1);
  await tab.send("say one too many");
  await tab.page.getByText(/Not sent\..*messages/).first().waitFor();
  await tab.page.locator(".message.user").last().getByRole("button", { name: "Take back" }).click();
  await until(async () => (await tab.page.locator(".compose textarea").inputValue()) === "say one too many", "the text in the box");
  // A megabyte is cut, in whole characters, with a word.
  await tab.page.locator(".compose textarea").fill("😀".repeat(250000));
  await tab.page.getByText("That was too long: the end was cut off.").first().waitFor();
  const kept = await tab.page.locator(".compose textarea").inputValue();
  assert.equal(kept, "😀".repeat(256));
  assert.ok(server);
});

test("thumbs, conversations, export and erase", async (t) => {
  const { open, server } = await start(t);
  const tab = await open();
  await tab.show();
  await tab.send("say first");
  await tab.answered(/first/);
  await tab.page.getByRole("button", { name: "Not helpful" }).click();
  await tab.page.getByPlaceholder("What went wrong? (optional)").fill("too short");
  await tab.page.getByRole("button", { name: "Submit" }).click();
  await until(() => server.sql("select comment from feedback")[0]?.comment === "too short", "the comment");
  await tab.page.getByRole("button", { name: "More" }).click();
  await tab.page.getByRole("button", { name: "New conversation" }).click();
  await tab.send("say second");
  await tab.answered(/second/);
  await tab.page.getByRole("button", { name: "Your conversations" }).click();
  const entries = tab.page.locator(".list .entry b");
  await until(async () => (await entries.count()) === 2, "both conversations");
  assert.deepEqual(await entries.allInnerTexts(), ["say second", "say first"]);
  await entries.nth(1).click();
  await tab.answered(/first/);
  await tab.page.getByRole("button", { name: "Your conversations" }).click();
  await tab.page.getByRole("button", { name: "Delete this conversation: say first" }).click();
  await until(async () => (await entries.count()) === 1, "one of them to go");
  await tab.page.getByRole("button", { name: "More" }).click();
  const [download] = await Promise.all([tab.page.waitForEvent("download"), tab.page.getByRole("button", { name: "Download my data" }).click()]);
  const exported = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.deepEqual(exported.messages.map(({ text }) => text), ["say second", "second"]);
  await tab.page.getByRole("button", { name: "More" }).click();
  await tab.page.getByRole("button", { name: "Delete my data" }).click();
  await tab.page.getByRole("button", { name: "Delete all your conversations for good?" }).click();
  await tab.page.getByText("Deleted: 1 conversations, 2 messages.").first().waitFor();
  assert.deepEqual(server.sql("select * from messages"), []);
  assert.equal(await tab.own().then((own) => own.length), 0);
  assert.deepEqual(tab.problems, []);
});

test("by keyboard alone", async (t) => {
  const { open } = await start(t);
  const tab = await open();
  const focused = () => tab.page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return active?.getAttribute("aria-label") ?? active?.tagName;
  });
  await tab.page.keyboard.press("Tab");
  assert.equal(await focused(), "Open chat");
  await tab.page.keyboard.press("Enter");
  await until(async () => (await focused()) === "Write a message …", "the focus in the box");
  await tab.page.keyboard.type("say by keys");
  await tab.page.keyboard.press("Enter");
  await tab.answered(/by keys/);
  assert.equal(await focused(), "Write a message …");
  await tab.page.keyboard.press("Shift+Tab");
  await tab.page.keyboard.press("Escape");
  await until(async () => (await focused()) === "Open chat", "the focus back on the button");
  assert.equal(await tab.page.locator(".panel").count(), 0);
  assert.match(await tab.page.locator("[role=status]").textContent(), /The answer is complete\./);
});

test("no barriers: light, dark, right to left, narrow", async (t) => {
  const { browser, page } = await start(t);
  for (const [name, options] of [
    ["light-1440", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }],
    ["dark-1440", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
    ["light-360", { viewport: { width: 360, height: 740 }, colorScheme: "light", hasTouch: true }],
    ["dark-rtl-360", { viewport: { width: 360, height: 740 }, colorScheme: "dark", locale: "ar" }],
    ["light-rtl-1440", { viewport: { width: 1440, height: 900 }, colorScheme: "light", locale: "he" }],
  ]) {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const tab = await Tab.open(context, page.origin);
    await picture(tab.page, `widget-${name}-closed`);
    await tab.show();
    await tab.send("say ## Returns\n\nSend **everything** back within `30 days`:\n\n- print the [label](https://shop.example.com/)\n- bring it to the post\n\n> Free of charge.");
    await tab.answered(/post/);
    await tab.page.evaluate(axe);
    const { violations } = await tab.page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [String(target), failureSummary])]), [], name);
    await picture(tab.page, `widget-${name}`);
    const direction = await tab.page.locator(".panel").evaluate((panel) => getComputedStyle(panel).direction);
    assert.equal(direction, name.includes("rtl") ? "rtl" : "ltr");
    assert.equal(await tab.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
    assert.deepEqual(tab.problems, []);
    await context.close();
  }
});

test("storage that is blocked, a page that is not allowed, a clock that is wrong", async (t) => {
  const { context, open, server, page } = await start(t);
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: () => { throw new DOMException("blocked", "SecurityError"); } });
    const now = Date.now;
    Date.now = () => now() - 86400000;
  });
  const tab = await open();
  await tab.show();
  await tab.send("say in memory");
  await tab.answered(/in memory/);
  await tab.page.getByText("This browser keeps nothing").waitFor();
  assert.deepEqual(tab.problems, []);
  const stranger = await startPage(t);
  stranger.widget = server.url;
  const foreign = await Tab.open(context, stranger.origin);
  await foreign.page.locator(".launcher").click();
  await until(() => foreign.problems.some((text) => text.includes(`add "${stranger.origin}" to bots.support.access.origins`)), "the line that is missing, in the console");
  await foreign.page.locator(".banner.bad").waitFor();
  assert.ok(page);
});
