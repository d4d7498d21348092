// The widget's sound: wanted by the owner, allowed by a gesture, not muted, and one for all tabs. The browser's audio is a stub that counts.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";
import { hide, send, startWidget, turnOf } from "./support/widget_page.mjs";

function stubAudio() {
  const param = { setValueAtTime() {}, linearRampToValueAtTime() {} };
  const node = () => ({ frequency: param, gain: param, connect: (to) => to, stop() {} });
  window.audio = { contexts: 0, starts: 0 };
  window.AudioContext = class {
    currentTime = 0;
    constructor() {
      window.audio.contexts++;
    }
    createGain = node;
    createOscillator = () => ({ ...node(), start: () => window.audio.starts++ });
    suspend = async () => {};
    resume = async () => {};
  };
  // What a tab in the background says of itself: the headless browser has none.
  let hidden = false;
  Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
  window.setHidden = (value) => {
    hidden = value;
    document.dispatchEvent(new Event("visibilitychange"));
  };
}

async function start(t, boot = { sound: true }) {
  const widget = await startWidget(t, { mock: { boot } });
  await widget.context.clock.install();
  await widget.context.addInitScript(stubAudio);
  return widget;
}

// Open, touched, and closed again: what is said then is not seen.
async function closed(open) {
  const page = await open();
  await page.locator(".compose textarea").press("Shift");
  await hide(page);
  return page;
}

const starts = async (...pages) => (await Promise.all(pages.map((page) => page.evaluate(() => window.audio.starts)))).reduce((sum, one) => sum + one, 0);
const badge = (page, count) => until(async () => (await page.locator(".badge").count()) && (await page.locator(".badge").innerText()) === String(count), `${count} unread`);
// No tab keeps the others silent any more, nor is about to.
const quiet = (page) => until(async () => page.evaluate(async () => (await navigator.locks.query()).held.length === 0), "the lock to be free");
// Whatever the page meant to do later is done.
const later = async (...pages) => {
  for (const page of pages) await page.clock.runFor(5000);
};
let count = 0;
function answer(mock, text = "An answer.") {
  const turn = mock.begin("c1", "asked elsewhere", `${"k".repeat(16)}${++count}`);
  mock.delta(turn, text);
  mock.end(turn);
}

test("one sound for an answer that no tab shows, however many tabs there are", async (t) => {
  const { mock, open } = await start(t);
  const [first, second] = [await closed(open), await closed(open)];
  await until(() => mock.watchers.size === 2, "both to watch");
  for (const heard of [1, 2, 3]) {
    answer(mock);
    await until(async () => (await starts(first, second)) === heard, `sound ${heard}`);
    await Promise.all([badge(first, heard), badge(second, heard)]);
    await quiet(first);
  }
  assert.equal(await starts(first, second), 3);
  assert.deepEqual([first.problems, second.problems], [[], []]);
});

test("none where a tab shows the answer", async (t) => {
  const { mock, open } = await start(t);
  const second = await closed(open);
  const first = await open();
  await send(first, "one");
  const turn = await turnOf(mock, 1);
  mock.delta(turn, "An answer.");
  mock.end(turn);
  await first.getByRole("button", { name: "Copy" }).waitFor();
  await later(first, second);
  assert.equal(await starts(first, second), 0);
  // The tab is hidden: now it counts.
  await first.evaluate(() => window.setHidden(true));
  const next = mock.begin(turn.conversation, "two", "m".repeat(16));
  mock.delta(next, "Another.");
  mock.end(next);
  await until(async () => (await starts(first, second)) > 0, "a sound");
  await later(first, second);
  assert.equal(await starts(first, second), 1);
});

test("an operator's message sounds, too", async (t) => {
  const { mock, open } = await start(t, { sound: true, handoff: true });
  const page = await open();
  await page.getByRole("button", { name: "Talk to a person" }).click();
  await page.locator(".standing span").waitFor();
  await page.locator(".compose textarea").press("Shift");
  const [conversation] = mock.standings.keys();
  mock.stand(conversation, { mode: "operator", operator: "Anna" });
  await hide(page);
  mock.write(conversation, "operator", "Hello!");
  await until(async () => (await starts(page)) === 1, "the sound");
});

test("a tab in which the visitor did nothing makes none, and leaves it to one that may", async (t) => {
  const { mock, open } = await start(t);
  const touched = await closed(open);
  // Loaded anew with the chat open, in the background, and not touched since.
  const untouched = await open();
  await untouched.reload();
  await until(() => mock.watchers.size === 2, "both to watch");
  await untouched.evaluate(() => window.setHidden(true));
  answer(mock);
  await until(async () => (await starts(touched)) === 1, "the sound");
  await later(untouched);
  assert.deepEqual(await untouched.evaluate(() => window.audio), { contexts: 0, starts: 0 });
});

test("what was counted does not sound once more when the stream tells it anew", async (t) => {
  const { mock, open } = await start(t);
  const page = await closed(open);
  for (const heard of [1, 2]) {
    answer(mock);
    await until(async () => (await starts(page)) === heard, `sound ${heard}`);
    await later(page);
  }
  mock.epoch = "fedcbafedcba";
  mock.cut();
  await until(() => mock.watchers.size === 1 || later(page).then(() => false), "the page to watch again");
  answer(mock);
  await badge(page, 3);
  await later(page);
  assert.equal(await starts(page), 3);
});

test("the visitor turns it off and on, in all tabs", async (t) => {
  const { mock, open } = await start(t);
  const first = await open();
  const second = await closed(open);
  await first.bringToFront(); // browsers are slow to draw what is behind
  const choose = async (name) => {
    await first.getByRole("button", { name: "More" }).click();
    await first.getByRole("button", { name, exact: true }).click();
  };
  await choose("Turn sounds off");
  await hide(first);
  answer(mock);
  await Promise.all([badge(first, 1), badge(second, 1)]);
  await later(first, second);
  assert.equal(await starts(first, second), 0);
  await first.locator(".launcher").click();
  await choose("Turn sounds on");
  await hide(first);
  answer(mock);
  await until(async () => (await starts(first, second)) > 0, "a sound");
  await later(first, second);
  assert.equal(await starts(first, second), 1);
});

test("the same where storage and locks are blocked", async (t) => {
  const { mock, context, open } = await start(t);
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: () => { throw new DOMException("blocked", "SecurityError"); } });
    navigator.locks.request = () => Promise.reject(new DOMException("blocked", "SecurityError"));
  });
  const page = await open();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Turn sounds off" }).click();
  await hide(page);
  answer(mock);
  await badge(page, 1);
  await later(page);
  assert.equal(await starts(page), 0);
  await page.locator(".launcher").click();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Turn sounds on" }).click();
  await hide(page);
  answer(mock);
  await until(async () => (await starts(page)) === 1, "the sound");
  assert.deepEqual(page.problems, []);
});

test("off unless the owner wants it: no sound, no audio, nothing in the menu", async (t) => {
  const { mock, open } = await start(t, {});
  const page = await closed(open);
  answer(mock);
  await badge(page, 1);
  await later(page);
  assert.deepEqual(await page.evaluate(() => window.audio), { contexts: 0, starts: 0 });
  await page.locator(".launcher").click();
  await page.getByRole("button", { name: "More" }).click();
  assert.equal(await page.getByRole("button", { name: /Turn sounds/ }).count(), 0);
});

test("boot says whether the owner wants it", async (t) => {
  const provider = await startProvider(t);
  for (const [widget, expected] of [[{}, false], [{ sound: true }, true]]) {
    const server = await Server.start(t, oneBot(provider, { access: { anonymous: true, origins: [origin] }, widget }));
    assert.equal((await new Visitor(server).boot()).sound, expected);
  }
});
