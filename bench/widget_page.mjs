// What the widget costs the page it is on, in Debian's Chromium: time until its button can be pressed, and memory and time of a long conversation.
import { createRequire } from "node:module";

// The browser's driver belongs to the end-to-end tests.
const { chromium } = createRequire(new URL("../tests/e2e/package.json", import.meta.url))("playwright-core");

const RUNS = 5;
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

// Which the page runs before all: sets `ready` once the button is drawn, counted from the script tag.
const watch = `
  const begin = performance.now();
  new MutationObserver((_, observer) => {
    if (!document.getElementById("switchboard")?.shadowRoot.querySelector(".launcher")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.ready = performance.now() - begin)));
  }).observe(document, { childList: true, subtree: true });`;

// A phone on a middling network: 1.6 Mbit/s, 150 ms, a processor four times slower.
async function slowDown(client) {
  await client.send("Network.enable");
  await client.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 90_000 });
  await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
}

async function interactive(browser, shop, slow) {
  const [cold, warm] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext();
    for (const times of [cold, warm]) {
      const page = await context.newPage();
      if (slow) await slowDown(await context.newCDPSession(page));
      await page.goto(shop);
      times.push(await (await page.waitForFunction(() => window.ready)).jsonValue());
      await page.close();
    }
    await context.close();
  }
  return { cold: median(cold), warm: median(warm) };
}

async function metrics(client) {
  for (let round = 0; round < 3; round++) await client.send("HeapProfiler.collectGarbage");
  const all = Object.fromEntries((await client.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  return { heap: all.JSHeapUsedSize / 1024, nodes: all.Nodes, script: all.ScriptDuration * 1000, layout: (all.LayoutDuration + all.RecalcStyleDuration) * 1000 };
}

// Opens the chat; returns ms until its end is drawn, and how long the page was held up at most.
const open = (page, messages) =>
  page.evaluate(async (count) => {
    let longest = 0;
    const long = new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (longest = Math.max(longest, duration))));
    long.observe({ type: "longtask" });
    const begin = performance.now();
    window.Switchboard.open();
    const { shadowRoot } = document.getElementById("switchboard");
    await new Promise((done) => {
      const last = `a question, number ${count / 2}`;
      const lastOf = (what) => [...shadowRoot.querySelectorAll(what)].pop();
      const look = () => lastOf(".message.user .bubble")?.textContent === last && lastOf(".message")?.querySelector(".under") && done();
      new MutationObserver(look).observe(shadowRoot, { childList: true, subtree: true });
    });
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const time = performance.now() - begin;
    await new Promise((done) => setTimeout(done, 500)); // for the observer of long tasks, which comes late
    const log = shadowRoot.querySelector(".log");
    return { time, longest, end: log.scrollHeight - log.scrollTop - log.clientHeight < 2 };
  }, messages);

async function conversation(browser, { shop, session, conversation: id, messages, slow }) {
  const [times, longest, script, layout] = [[], [], [], []];
  let before, after;
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext();
    await context.addInitScript((kept) => {
      localStorage.setItem("switchboard.b.session", kept.session);
      sessionStorage.setItem("switchboard.b.conversation", kept.id);
    }, { session, id });
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    await client.send("Performance.enable");
    await page.goto(shop);
    await page.waitForFunction(() => window.ready);
    if (slow) await slowDown(client);
    before = await metrics(client);
    const opened = await open(page, messages);
    if (!opened.end) throw new Error("the conversation is not shown at its end");
    after = await metrics(client);
    times.push(opened.time);
    longest.push(opened.longest);
    script.push(after.script - before.script);
    layout.push(after.layout - before.layout);
    await context.close();
  }
  return { time: median(times), longest: median(longest), script: median(script), layout: median(layout), before, after };
}

// `page` is the shop's server, whose text is set here; `session` has the conversation of so many messages.
export async function measurePage({ page, shop, server, ...what }) {
  page.text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,"><script>${watch}</script><script src="${server}/widget.js" data-bot="b" async></script></head><body><h1>A shop</h1></body></html>`;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"] });
  const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  for (const slow of [false, true]) {
    const name = slow ? "slow phone" : "this machine";
    const { cold, warm } = await interactive(browser, shop, slow);
    console.log(`${name}: from the script tag to a button that can be pressed ${ms(cold)}, from the cache ${ms(warm)}`);
    const { time, longest, script, layout, before, after } = await conversation(browser, { shop, slow, ...what });
    console.log(`${name}: a conversation of ${what.messages} messages opens in ${ms(time)} (script ${ms(script)}, style and layout ${ms(layout)}; longest task ${ms(longest)})`);
    if (!slow)
      console.log(`memory of the page: ${before.heap.toFixed(0)} KiB of heap and ${before.nodes} nodes with the chat closed; the conversation adds ${(after.heap - before.heap).toFixed(0)} KiB and ${after.nodes - before.nodes} nodes`);
  }
  await browser.close();
}
