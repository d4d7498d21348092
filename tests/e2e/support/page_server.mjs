// A page of another origin with a strict Content-Security-Policy, and the widget on it.
import { createServer } from "node:http";
import { until } from "./server.mjs";

export async function startPage(t, { head = "", attributes = 'data-bot="support"', direction = "ltr" } = {}) {
  const page = { widget: "" };
  const server = createServer((request, reply) => {
    // Whatever the path: a site has many pages.
    if (/\.\w+$/.test(request.url)) return reply.writeHead(404).end();
    reply.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; script-src 'self' ${page.widget}; style-src 'self'; connect-src ${page.widget}; img-src 'self' data:`,
    });
    reply.end(
      `<!doctype html><html lang="en" dir="${direction}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>A shop</title><link rel="icon" href="data:,">` +
        `${head}<script src="${page.widget}/widget.js" ${attributes} async></script></head><body><main><h1>A shop</h1><p>Its own text.</p></main></body></html>`,
    );
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => (server.closeAllConnections(), new Promise((done) => server.close(done))));
  page.origin = `http://127.0.0.1:${server.address().port}`;
  return page;
}

// What a visitor does in one tab. Everything that the page complains of is kept in `problems`.
export class Tab {
  static async open(context, url) {
    const tab = new Tab();
    tab.page = await context.newPage();
    tab.problems = [];
    tab.requests = [];
    tab.page.on("pageerror", (error) => tab.problems.push(error.stack));
    tab.page.on("console", (message) => message.type() === "error" && tab.problems.push(message.text()));
    tab.page.on("request", (request) => tab.requests.push(request.url()));
    await tab.page.goto(url);
    await tab.page.locator(".launcher").waitFor();
    return tab;
  }

  async show() {
    await this.page.locator(".launcher").click();
    await this.page.locator("textarea").first().waitFor();
  }

  async send(text) {
    await this.page.locator(".compose textarea").fill(text);
    await this.page.locator(".compose textarea").press("Enter");
  }

  answer(number = -1) {
    return this.page.locator(".message:not(.user)").nth(number);
  }

  // The text of the last answer, once it is complete.
  async answered(text) {
    return until(async () => {
      // What is complete can be copied and judged; the welcome is no answer. Looked at before the text, which is whole then.
      const busy = (await this.page.locator(".message.user").count()) > 0 && !(await this.answer().locator(".under").count());
      const all = await this.page.locator(".message:not(.user)").allInnerTexts();
      return !busy && all.length > 0 && (!text || all.at(-1).match(text)) && all.at(-1);
    }, `the answer ${text}; there is: ${(await this.page.locator(".log").allInnerTexts()).join("")}`);
  }

  own() {
    return this.page.locator(".message.user .bubble").allInnerTexts();
  }
}
