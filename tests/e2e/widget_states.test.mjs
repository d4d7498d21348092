// The built widget against a server whose every step the test decides.
// The parser of Markdown holds the last character back until it knows the next: what is waited for is a little shorter than what was said.
import { test } from "node:test";
import assert from "node:assert/strict";
import { until } from "./support/server.mjs";
import { startBrowser } from "./support/browser.mjs";
import { Mock } from "./support/widget_mock.mjs";

async function start(t, options) {
  const mock = await Mock.start(t, options);
  const browser = await startBrowser(t);
  const context = await browser.newContext();
  const open = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(6000);
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.stack));
    await page.goto(mock.url);
    await page.locator(".launcher").click();
    await page.locator(".compose textarea").waitFor();
    await until(() => mock.watchers.size > 0, "the page to watch");
    return page;
  };
  return { mock, context, open };
}

const box = (page) => page.locator(".compose textarea");
const send = async (page, text) => {
  await box(page).fill(text);
  await box(page).press("Enter");
};
const own = (page) => page.locator(".message.user .bubble").allInnerTexts();
const answer = (page) => page.locator(".message:not(.user) .text").last();
const sent = (mock) => mock.requests.filter(([, path]) => path === "messages").map(([, , body]) => body.text);
const turnOf = (mock, number) => until(() => mock.turns[number - 1], `turn ${number}`);

test("a question, its answer in pieces, and the same after a reload", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  await send(page, "one");
  const turn = await turnOf(mock, 1);
  mock.delta(turn, "It is **bo");
  await answer(page).getByText("It is b").waitFor();
  mock.delta(turn, "ld**.");
  await page.reload();
  await answer(page).getByText("It is bold").waitFor();
  mock.end(turn);
  await page.getByRole("button", { name: "Copy" }).waitFor();
  assert.deepEqual(await own(page), ["one"]);
  assert.equal(await answer(page).innerText(), "It is bold.");
  assert.deepEqual(page.problems, []);
});

test("a connection that breaks in mid stream goes on where it was, and nothing is twice", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  await send(page, "one");
  const turn = await turnOf(mock, 1);
  mock.delta(turn, "a b ");
  await answer(page).getByText("a b").waitFor();
  mock.cut();
  mock.delta(turn, "c ");
  mock.delta(turn, "d");
  await answer(page).getByText("a b c").waitFor();
  mock.end(turn);
  await page.getByRole("button", { name: "Copy" }).waitFor();
  assert.equal(await answer(page).innerText(), "a b c d");
});

test("several messages that wait for an answer go out in their order, none is lost", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  await send(page, "one");
  const first = await turnOf(mock, 1);
  mock.delta(first, "x y");
  await answer(page).getByText("x").waitFor();
  await send(page, "two");
  await send(page, "three");
  await until(async () => (await page.getByText("Will be sent when").count()) >= 2, "both to wait");
  mock.end(first);
  mock.end(await turnOf(mock, 2));
  mock.end(await turnOf(mock, 3));
  await until(async () => (await page.getByText("Will be sent when").count()) === 0, "none to wait");
  assert.deepEqual(sent(mock), ["one", "two", "three"]);
  assert.deepEqual(await own(page), ["one", "two", "three"]);
});

test("what is taken back does not overwrite what is being written, and leaves what else waits", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  await send(page, "one");
  const first = await turnOf(mock, 1);
  mock.delta(first, "x y");
  await answer(page).getByText("x").waitFor();
  await send(page, "two");
  await send(page, "three");
  await box(page).fill("a thought");
  await page.getByRole("button", { name: "Take back" }).first().click();
  await until(async () => (await box(page).inputValue()) === "two\na thought", "both in the box");
  mock.end(first);
  await turnOf(mock, 2);
  assert.deepEqual(sent(mock), ["one", "three"]);
});

test("what waits or was refused is in the box after a reload", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  mock.refuse.push([429, "rate_limit_exceeded", "Please wait a minute."]);
  await send(page, "refused");
  await page.getByText("Please wait a minute.").first().waitFor();
  await page.reload();
  await box(page).waitFor();
  assert.equal(await box(page).inputValue(), "refused");
});

test("another conversation takes what was not sent along in the box", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  await send(page, "one");
  mock.delta(await turnOf(mock, 1), "x y");
  await answer(page).getByText("x").waitFor();
  await send(page, "two");
  await page.getByText("Will be sent when").first().waitFor();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "New conversation" }).click();
  await until(async () => (await box(page).inputValue()) === "two", "it in the box");
  assert.deepEqual(sent(mock), ["one"]);
});

test("an answer whose end was lost with the log does not hold the chat up", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  await send(page, "one");
  const turn = await turnOf(mock, 1);
  mock.delta(turn, "half of it");
  await answer(page).getByText("half").waitFor();
  turn.over = true;
  mock.conversations.get(turn.conversation).push({ id: turn.answer, role: "assistant", content: "half and whole", status: "complete", position: 2 });
  mock.say("reset", {});
  await answer(page).getByText("half and whole").waitFor();
  await send(page, "two");
  mock.end(await turnOf(mock, 2));
  assert.deepEqual(sent(mock), ["one", "two"]);
});

test("tabs agree on how much is unread: each message counts once, and what one shows is unread in none", async (t) => {
  const { mock, open } = await start(t);
  const [first, second] = [await open(), await open()];
  await until(() => mock.watchers.size === 2, "both to watch");
  for (const page of [first, second]) await page.getByRole("banner").or(page.locator(".panel header")).getByRole("button", { name: "Close chat" }).click();
  const turn = mock.begin("c1", "asked elsewhere", "k".repeat(16));
  mock.delta(turn, "x y");
  mock.end(turn);
  for (const page of [first, second]) await page.locator(".badge").waitFor();
  // Whatever came first in each tab, the event of the stream or that of the storage, is over once a later one is there.
  const later = mock.begin("c1", "again", "l".repeat(16));
  mock.delta(later, "y");
  mock.end(later);
  for (const page of [first, second]) await until(async () => (await page.locator(".badge").innerText()) === "2", "two unread");
  await second.locator(".launcher").click();
  await first.locator(".badge").waitFor({ state: "detached" });
});

test("what one tab counted just when another showed it is not unread", async (t) => {
  const { open } = await start(t);
  const [first, second] = [await open(), await open()];
  await first.getByRole("button", { name: "Close chat" }).first().click();
  const write = (entries) => second.evaluate((all) => Object.entries(all).forEach(([name, value]) => localStorage.setItem(`switchboard.support.${name}`, value)), entries);
  await write({ read: "a1", unread: "a1,a2" });
  await until(async () => (await first.locator(".badge").count()) && (await first.locator(".badge").innerText()) === "1", "one unread");
  await write({ read: "a1,a2" });
  await first.locator(".badge").waitFor({ state: "detached" });
});

test("stop works each time", async (t) => {
  const { mock, open } = await start(t);
  const page = await open();
  for (const number of [1, 2, 3]) {
    await send(page, `question ${number}`);
    mock.delta(await turnOf(mock, number), `w${number} and`);
    await answer(page).getByText(`w${number}`).waitFor();
    await page.getByRole("button", { name: "Stop answering" }).click();
    await page.getByRole("button", { name: "Stop answering" }).waitFor({ state: "detached" });
  }
  assert.equal(mock.requests.filter(([, path]) => path === "stop").length, 3);
});
