// The desk in a browser, beside visitors in browsers of their own: all on the real server.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { startBrowser } from "./browser.mjs";
import { addOperator, password } from "./desk_client.mjs";
import { startPage, Tab } from "./page_server.mjs";
import { oneBot, startProvider } from "./provider.mjs";
import { Server } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function startDesk(t, { bot = {}, bots = {}, operators = [["anna", "--display", "Anna Berger"]] } = {}) {
  const [provider, page, browser] = await Promise.all([startProvider(t), startPage(t), startBrowser(t)]);
  const config = oneBot(provider, { access: { anonymous: true, origins: [page.origin] }, widget: { title: "Aurora Audio" }, handoff: { enabled: true }, ...bot });
  Object.assign(config.bots, bots);
  const server = await Server.start(t, { threads: 2, ...config });
  page.widget = server.url;
  for (const args of operators) addOperator(server, ...args);
  const visit = async (options = {}) => {
    const context = await browser.newContext({ viewport: { width: 420, height: 760 }, ...options });
    const tab = await Tab.open(context, page.origin);
    await tab.show();
    return tab;
  };
  // A browser of their own, where `name` is signed in.
  const work = async (name = "anna", options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const desk = await openDesk(context, server);
    await signIn(desk, name);
    await desk.getByRole("navigation", { name: "Boxes" }).waitFor();
    return desk;
  };
  return { provider, server, browser, visit, work };
}

export async function openDesk(context, server) {
  const desk = await context.newPage();
  desk.problems = [];
  desk.on("pageerror", (error) => desk.problems.push(error.stack));
  // That nobody is signed in is asked for once, and the browser tells of each status by itself.
  desk.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && desk.problems.push(message.text()));
  await desk.goto(`${server.url}/desk`);
  return desk;
}

export async function signIn(desk, name, secret = password) {
  await desk.getByLabel("Name").fill(name);
  await desk.getByLabel("Password").fill(secret);
  await desk.getByRole("button", { name: "Sign in" }).click();
}

export const entries = (desk) => desk.locator(".entries .entry");

export async function noBarriers(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`)]), [], where);
}
