// A long conversation: its end is drawn first, the rest as the reader goes up.
import { test } from "node:test";
import assert from "node:assert/strict";
import { until } from "./support/server.mjs";
import { noBarriers, send, startWidget, turnOf } from "./support/widget_page.mjs";

const COUNT = 201;

async function start(t) {
  const { mock, context, visit } = await startWidget(t);
  const all = Array.from({ length: COUNT }, (_, at) => ({ id: `x${at}`, role: at % 2 ? "assistant" : "user", content: `message ${at}`, status: "complete", created_at: 1, position: at + 1 }));
  mock.conversations.set("long", all);
  await context.addInitScript(() => sessionStorage.setItem("switchboard.support.conversation", "long"));
  const page = await visit();
  await page.locator(".launcher").click();
  await page.getByText(`message ${COUNT - 1}`, { exact: true }).waitFor();
  return { mock, page };
}

const drawn = (page) => page.locator(".message").count();
const top = (page, text) => page.locator(".log").evaluate((log, wanted) => [...log.querySelectorAll(".message")].find((one) => one.textContent.includes(wanted)).getBoundingClientRect().top, text);
const fromEnd = (page) => page.locator(".log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);

test("the end is there at once; going up brings what was earlier, in its order, without a jump", async (t) => {
  const { page } = await start(t);
  assert.equal(await drawn(page), 40);
  assert.ok((await fromEnd(page)) < 2);
  assert.equal(await page.getByText("Hello!", { exact: true }).count(), 0);
  await noBarriers(page, "with the button");
  // By the wheel; the message that was on top stays where it is.
  const log = page.locator(".log");
  const [first, before] = await log.evaluate((node) => {
    node.scrollTop = 200;
    return [node.querySelector(".message").textContent, node.querySelector(".message").getBoundingClientRect().top];
  });
  assert.match(first, new RegExp(`message ${COUNT - 40}`));
  await until(async () => (await drawn(page)) === 80, "more of it");
  assert.ok(Math.abs((await top(page, `message ${COUNT - 40}`)) - before) < 2, "it stays where it is");
  // Nothing new came.
  assert.equal(await page.locator(".pill").count(), 0);
  // By the keyboard, to the beginning.
  const button = page.getByRole("button", { name: "Earlier messages" });
  for (let known = 80; known < COUNT; ) {
    await button.press("Enter");
    known = await until(async () => (await drawn(page)) > known && drawn(page), "more of it");
  }
  await page.getByText("Hello!", { exact: true }).waitFor();
  assert.equal(await button.count(), 0);
  assert.deepEqual(await page.locator(".message .bubble").allInnerTexts().then((all) => all.map((text) => text.trim())), ["Hello!", ...Array.from({ length: COUNT }, (_, at) => `message ${at}`)]);
  assert.deepEqual(page.problems, []);
});

test("what comes stays at the end, and is told of to who reads above", async (t) => {
  const { mock, page } = await start(t);
  await send(page, "and now?");
  const turn = await turnOf(mock, 1);
  mock.delta(turn, "Still here.");
  mock.end(turn);
  await page.getByText("Still here.", { exact: true }).waitFor();
  await until(async () => (await fromEnd(page)) < 2, "the end in view");
  assert.equal(await drawn(page), 42);
  // The page hears of the scrolling with the next frame.
  await page.locator(".log").evaluate((log) => new Promise((done) => {
    log.addEventListener("scroll", () => requestAnimationFrame(() => requestAnimationFrame(done)), { once: true });
    log.scrollTop = 400;
  }));
  mock.write("long", "operator", "More.");
  await page.locator(".pill").click();
  await until(async () => (await fromEnd(page)) < 2, "the end in view");
  await page.getByText("More.", { exact: true }).waitFor();
});
