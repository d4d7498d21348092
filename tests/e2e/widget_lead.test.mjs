// The widget asks how the visitor can be reached once nobody can answer.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { until } from "./support/server.mjs";
import { picture } from "./support/browser.mjs";
import { box, noBarriers, own, send, spoken, startWidget, turnOf } from "./support/widget_page.mjs";

const lead = { ask: "offline", fields: [{ name: "email", required: true }, { name: "message", required: false }], consent: "You may write to me." };
const title = "Nobody can answer right now. Leave your details and we will get back to you.";
const form = (page) => page.locator("form.lead");
const sent = (mock) => mock.requests.filter(([, path]) => path === "lead").map(([, , body]) => body);

test("not before the chat, but under the message that nobody answered, which it takes along", async (t) => {
  const { mock, open } = await startWidget(t, { mock: { boot: { lead } } });
  const page = await open();
  assert.equal(await form(page).count(), 0);
  await send(page, "Do you ship to Norway?");
  const turn = await turnOf(mock, 1);
  await box(page).fill("and to Iceland");
  mock.fail(turn);
  await form(page).waitFor();
  await spoken(page, title);
  assert.equal(await form(page).locator("h3").innerText(), title);
  assert.deepEqual(await own(page), ["Do you ship to Norway?"]);
  await page.getByText("The assistant cannot answer.").waitFor();
  assert.equal(await form(page).evaluate((node) => node.previousElementSibling.innerText.includes("The assistant cannot answer.")), true);
  // Who is writing is not interrupted, and what they write stays.
  assert.equal(await box(page).inputValue(), "and to Iceland");
  assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.tagName), "TEXTAREA");
  assert.equal(await form(page).locator("[name=message]").inputValue(), "Do you ship to Norway?");
  mock.refuseLead.push("fields.email");
  await form(page).getByRole("button", { name: "Submit" }).click();
  await page.getByText("Please check this field.").waitFor();
  await form(page).locator("[name=email]").fill("anna@example.com");
  await form(page).locator("[name=consent]").check();
  await form(page).getByRole("button", { name: "Submit" }).click();
  await page.locator(".thanks").waitFor();
  await spoken(page, "Thank you. We will get back to you.");
  assert.equal(await form(page).count(), 0);
  assert.deepEqual(sent(mock)[1].fields, { email: "anna@example.com", message: "Do you ship to Norway?" });
  assert.deepEqual([sent(mock)[1].consent, sent(mock)[1].conversation], [true, turn.conversation]);
  assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.tagName), "TEXTAREA");
  assert.equal(await box(page).inputValue(), "and to Iceland");
  // Asked once; the chat goes on.
  await box(page).press("Enter");
  mock.fail(await turnOf(mock, 2));
  await until(async () => (await page.getByText("The assistant cannot answer.").count()) >= 2, "the second failure");
  assert.equal(await form(page).count(), 0);
  assert.deepEqual(page.problems, []);
});

test("what was filled in stays while the connection comes and goes and others are answered", async (t) => {
  const { mock, open } = await startWidget(t, { mock: { boot: { lead } } });
  const page = await open();
  await send(page, "one");
  mock.fail(await turnOf(mock, 1));
  await form(page).locator("[name=email]").fill("anna@");
  await send(page, "two");
  const second = await turnOf(mock, 2);
  mock.delta(second, "An answer.");
  mock.end(second);
  await page.getByText("An answer.", { exact: true }).waitFor();
  mock.say("reset", {});
  const before = mock.requests.length;
  await until(() => mock.requests.slice(before).some(([, path]) => path.startsWith("conversations/")), "the page to read it again");
  await page.getByText("An answer.", { exact: true }).waitFor();
  assert.equal(await form(page).locator("[name=email]").inputValue(), "anna@");
  // In a page that is loaded anew it is asked again: it was not answered.
  await page.reload();
  await form(page).waitFor();
});

test("a server that does not say when asks before the chat", async (t) => {
  const { ask: _, ...early } = lead;
  const { mock, visit } = await startWidget(t, { mock: { boot: { lead: early } } });
  const page = await visit();
  await page.locator(".launcher").click();
  await form(page).waitFor();
  assert.equal(await form(page).locator("h3").innerText(), "How can we reach you?");
  assert.equal(await box(page).count(), 0);
  await form(page).getByRole("button", { name: "Start the chat" }).click();
  await box(page).waitFor();
  assert.equal(sent(mock).length, 1);
});

test("no barriers: light, dark, right to left, narrow", async (t) => {
  const { mock, browser, open } = await startWidget(t);
  let turns = 0;
  for (const [name, language, options] of [
    ["light-1440", "en", { viewport: { width: 1440, height: 900 } }],
    ["dark-360", "en", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
    ["light-rtl-360", "he", { viewport: { width: 360, height: 740 } }],
  ]) {
    const texts = JSON.parse(readFileSync(new URL(`../../web/widget/src/texts/${language}.json`, import.meta.url)));
    mock.boot = { lead, language, direction: language === "he" ? "rtl" : "ltr", texts };
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await open("/", context);
    await send(page, "Do you ship to Norway?");
    mock.fail(await turnOf(mock, ++turns));
    await form(page).waitFor();
    await noBarriers(page, name);
    await picture(page, `widget-lead-offline-${name}`);
    await context.close();
  }
});
