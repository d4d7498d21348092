// Debian's Chromium, driven by Playwright. With SWITCHBOARD_SCREENSHOTS=FOLDER the tests leave pictures there.
import { chromium } from "playwright-core";
import { join } from "node:path";

export async function startBrowser(t) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  t.after(() => browser.close());
  return browser;
}

export async function picture(page, name) {
  if (process.env.SWITCHBOARD_SCREENSHOTS) await page.screenshot({ path: join(process.env.SWITCHBOARD_SCREENSHOTS, `${name}.png`) });
}
