// The built widget in a browser, against a server whose every step the test decides.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { until } from "./server.mjs";
import { startBrowser } from "./browser.mjs";
import { Mock } from "./widget_mock.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function startWidget(t, { mock: options, context: contextOptions } = {}) {
  const mock = await Mock.start(t, options);
  const browser = await startBrowser(t);
  const context = await browser.newContext(contextOptions);
  // A page with the widget, closed.
  const visit = async (path = "/", where = context) => {
    const page = await where.newPage();
    page.setDefaultTimeout(6000);
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.stack));
    await page.goto(mock.url + path);
    await page.locator(".launcher").waitFor();
    return page;
  };
  // The same with the chat open and watching.
  const open = async (path, where) => {
    const page = await visit(path, where);
    const before = mock.watchers.size;
    await page.locator(".launcher").click();
    await page.locator(".compose textarea").waitFor();
    await until(() => mock.watchers.size > before, "the page to watch");
    return page;
  };
  return { mock, browser, context, visit, open };
}

export const box = (page) => page.locator(".compose textarea");
export const send = async (page, text) => {
  await box(page).fill(text);
  await box(page).press("Enter");
};
export const own = (page) => page.locator(".message.user .bubble").allInnerTexts();
export const turnOf = (mock, number) => until(() => mock.turns[number - 1], `turn ${number}`);
// What is read out.
export const spoken = (page, text) => until(async () => (await page.locator("[role=status]").textContent()) === text, `"${text}" read out`);
export const hide = (page) => page.locator(".panel header").getByRole("button", { name: /close|إغلاق|סגירת/i }).click();

export async function noBarriers(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [String(target), failureSummary])]), [], name);
}
