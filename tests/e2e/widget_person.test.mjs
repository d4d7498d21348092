// The widget when a person answers: asked for, waited for, there, gone.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { until } from "./support/server.mjs";
import { picture } from "./support/browser.mjs";
import { hide, noBarriers, own, send, spoken, startWidget, turnOf } from "./support/widget_page.mjs";

const withHandoff = { mock: { boot: { handoff: true } } };
const line = (page, text) => page.locator(".standing").getByText(text, { exact: true }).waitFor();
const ask = (page) => page.getByRole("button", { name: "Talk to a person" });
const calls = (mock) => mock.requests.filter(([, path]) => path === "handoff").map(([, , body]) => body);

test("asked for, waited for, there, typing, gone: each is shown and read out", async (t) => {
  const { mock, open } = await startWidget(t, withHandoff);
  const page = await open();
  await ask(page).click();
  await line(page, "Waiting for a person, place 3");
  await spoken(page, "Waiting for a person, place 3");
  await ask(page).waitFor({ state: "detached" });
  const [conversation] = mock.standings.keys();
  mock.stand(conversation, { mode: "waiting", position: 1, wait_s: 130 });
  await line(page, "Waiting for a person, place 1 · ≈ 3 min");
  mock.stand(conversation, { mode: "operator", operator: "Anna" });
  await line(page, "You are talking to Anna");
  await spoken(page, "You are talking to Anna");
  await send(page, "hello there");
  await until(() => mock.conversations.get(conversation).length === 1, "the message");
  mock.stand(conversation, { mode: "operator", typing: true });
  await line(page, "Anna is typing …");
  await spoken(page, "Anna is typing …");
  mock.write(conversation, "operator", "Hello, how can I **help**?", { author: "Anna" });
  await spoken(page, "Anna: Hello, how can I **help**?");
  await line(page, "You are talking to Anna");
  assert.equal(await page.locator(".message .author").innerText(), "Anna");
  assert.deepEqual(await own(page), ["hello there"]);
  // A person is neither rated like an answer nor asked to say it again.
  assert.equal(await page.locator(".message").last().getByRole("button").count(), 1);
  mock.stand(conversation, { mode: "closed" });
  await line(page, "This conversation has ended.");
  await spoken(page, "This conversation has ended.");
  mock.stand(conversation, { mode: "waiting" });
  await line(page, "Waiting for a person …");
  mock.stand(conversation, { mode: "bot" });
  await spoken(page, "The assistant answers again.");
  await ask(page).waitFor();
  assert.deepEqual(page.problems, []);
});

test("without boot's word there is no button", async (t) => {
  const { mock, open } = await startWidget(t);
  const page = await open();
  await send(page, "one");
  mock.end(await turnOf(mock, 1));
  await page.getByText("one", { exact: true }).waitFor();
  assert.equal(await ask(page).count(), 0);
  assert.equal(await page.locator(".standing").count(), 0);
});

test("who types and falls silent is not said to type for ever", async (t) => {
  const { mock, visit } = await startWidget(t, withHandoff);
  const page = await visit();
  await page.clock.install();
  await page.locator(".launcher").click();
  await until(() => mock.watchers.size > 0, "the page to watch");
  await ask(page).click();
  await line(page, "Waiting for a person, place 3");
  const [conversation] = mock.standings.keys();
  mock.stand(conversation, { mode: "operator", operator: "Anna", typing: true });
  await line(page, "Anna is typing …");
  await page.clock.fastForward(11000);
  await line(page, "You are talking to Anna");
});

test("messages while one waits go out as always, once, whatever comes first", async (t) => {
  const { mock, open } = await startWidget(t, withHandoff);
  const page = await open();
  await send(page, "first");
  mock.end(await turnOf(mock, 1));
  await page.getByText("first", { exact: true }).waitFor();
  const { conversation } = mock.turns[0];
  await until(async () => await ask(page).isEnabled(), "the button");
  await ask(page).click();
  await line(page, "Waiting for a person, place 3");
  assert.equal(calls(mock)[0].conversation, conversation);
  for (const text of ["second", "third"]) await send(page, text);
  await until(() => mock.conversations.get(conversation).length === 4, "both");
  await until(async () => (await page.locator(".message.waiting").count()) === 0, "both to be sent");
  assert.deepEqual(await own(page), ["first", "second", "third"]);
  // The same in a page that is loaded anew.
  await page.reload();
  await line(page, "Waiting for a person, place 3");
  await until(async () => (await own(page)).length === 3, "the conversation");
  assert.deepEqual(await own(page), ["first", "second", "third"]);
});

test("what is written while the call for a person is under way joins its conversation", async (t) => {
  const { mock, open } = await startWidget(t, withHandoff);
  const page = await open();
  mock.hold = true;
  await ask(page).click();
  await until(() => mock.handoffs.length === 1, "the call");
  await send(page, "are you there?");
  await page.getByText("are you there?", { exact: true }).waitFor();
  assert.equal(mock.requests.filter(([, path]) => path === "messages").length, 0);
  mock.handoffs[0]();
  await until(() => mock.requests.some(([, path]) => path === "messages"), "the message");
  const [conversation] = mock.standings.keys();
  assert.equal(mock.requests.find(([, path]) => path === "messages")[2].conversation, conversation);
});

test("a call whose reply is lost is made again under its key, and refusals are said", async (t) => {
  const { mock, open } = await startWidget(t, withHandoff);
  const page = await open();
  mock.drops.push("handoff");
  await ask(page).click();
  await page.getByText("The chat is not available at the moment.").first().waitFor();
  await ask(page).click();
  await line(page, "Waiting for a person, place 3");
  const [first, second] = calls(mock);
  assert.match(first.key, /^[a-f0-9]{32}$/);
  assert.equal(first.key, second.key);
});

test("a person's mode is known from the store where the log is gone", async (t) => {
  const { mock, open } = await startWidget(t, withHandoff);
  const page = await open();
  await ask(page).click();
  await line(page, "Waiting for a person, place 3");
  const [conversation] = mock.standings.keys();
  mock.standings.set(conversation, { mode: "operator", operator: "Anna" });
  mock.epoch = "fedcbafedcba";
  mock.log.length = 0;
  await page.reload();
  await line(page, "You are talking to Anna");
});

test("on the next page a person's message is counted though the chat was not opened; another tab goes on with it", async (t) => {
  const { mock, open, visit } = await startWidget(t, withHandoff);
  const page = await open();
  await ask(page).click();
  await line(page, "Waiting for a person, place 3");
  const [conversation] = mock.standings.keys();
  mock.stand(conversation, { mode: "operator", operator: "Anna" });
  await line(page, "You are talking to Anna");
  await hide(page);
  await page.goto(`${mock.url}/elsewhere`);
  const other = await visit();
  await until(() => mock.watchers.size === 2, "both to watch");
  mock.write(conversation, "operator", "I am here.");
  for (const one of [page, other]) await until(async () => (await one.locator(".badge").count()) && (await one.locator(".badge").innerText()) === "1", "one unread");
  await other.locator(".launcher").click();
  await other.getByText("I am here.", { exact: true }).first().waitFor();
  await page.locator(".badge").waitFor({ state: "detached" });
  // Once the bot answers again, a page that nobody opens asks for nothing.
  mock.stand(conversation, { mode: "bot" });
  await ask(other).waitFor();
  await hide(other);
  const before = mock.requests.length;
  await other.goto(`${mock.url}/later`);
  await other.locator(".launcher").waitFor();
  await other.locator(".launcher").hover();
  assert.deepEqual(mock.requests.slice(before).filter(([, path]) => path === "boot"), []);
});

test("no barriers: light, dark, narrow, right to left", async (t) => {
  const { mock, browser, open } = await startWidget(t);
  const texts = (language) => JSON.parse(readFileSync(new URL(`../../web/widget/src/texts/${language}.json`, import.meta.url)));
  for (const [name, language, options] of [
    ["light-1440", "en", { viewport: { width: 1440, height: 900 } }],
    ["dark-360", "en", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
    ["light-rtl-360", "ar", { viewport: { width: 360, height: 740 } }],
  ]) {
    mock.boot = { handoff: true, language, direction: language === "ar" ? "rtl" : "ltr", texts: texts(language) };
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await open("/", context);
    await noBarriers(page, `${name}, before`);
    await picture(page, `widget-person-${name}-before`);
    const earlier = new Set(mock.standings.keys());
    await page.locator(".standing button").click();
    const conversation = await until(() => [...mock.standings.keys()].find((id) => !earlier.has(id)), "the call");
    await page.locator(".standing span").waitFor();
    await picture(page, `widget-person-${name}-waiting`);
    mock.stand(conversation, { mode: "operator", operator: "Anna" });
    await send(page, "My lamp arrived without a plug.");
    await until(() => mock.conversations.get(conversation).length === 1, "the message");
    mock.write(conversation, "operator", "I am sorry! I am sending one today:\n\n- free of charge\n- to [your address](https://shop.example.com/)");
    mock.stand(conversation, { mode: "operator", operator: "Anna", typing: true });
    await page.locator(".message .author").waitFor();
    await until(async () => /Anna/.test(await page.locator(".standing span").innerText()), "the line");
    await noBarriers(page, name);
    await picture(page, `widget-person-${name}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
    assert.deepEqual(page.problems, []);
    await context.close();
  }
});
