// How visitors can be reached: asked before the chat, or noted by the bot.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, run, until } from "./support/server.mjs";
import { startBrowser, picture } from "./support/browser.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { startPage, Tab } from "./support/page_server.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";

const lead = { fields: ["name", "email", "phone"], required: ["email"], consent: { en: "You may write to me.", de: "Sie dürfen mir schreiben." } };

async function start(t, { bot = {}, config = {} } = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, { ...oneBot(provider, { access: { anonymous: true, origins: [origin] }, lead, ...bot }), ...config });
  const visitor = new Visitor(server);
  const boot = await visitor.boot();
  return { server, visitor, boot };
}

test("a form before the chat, in a page: what is wrong is said where it is, and asked once", async (t) => {
  const [provider, page, browser] = await Promise.all([startProvider(t), startPage(t), startBrowser(t)]);
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: true, origins: [page.origin] }, lead }));
  page.widget = server.url;
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, reducedMotion: "reduce" });
  const tab = await Tab.open(context, page.origin);
  await tab.page.locator(".launcher").click();
  const field = (name) => tab.page.locator(`.lead [name=${name}]`);
  await field("name").fill("Anna");
  await field("email").fill("   ");
  await tab.page.getByRole("button", { name: "Start the chat" }).click();
  await tab.page.getByText("Please check this field.").waitFor();
  assert.equal(await field("email").getAttribute("aria-invalid"), "true");
  await field("email").fill("anna@example.com");
  await tab.page.getByRole("button", { name: "Start the chat" }).click();
  await until(async () => (await field("consent").getAttribute("aria-invalid")) === "true", "the consent to be asked for");
  await field("consent").check();
  await picture(tab.page, "widget-lead-360");
  await tab.page.getByRole("button", { name: "Start the chat" }).click();
  await tab.page.locator(".compose textarea").waitFor();
  await tab.send("say hello");
  await tab.answered(/hello/);
  assert.deepEqual(server.sql("select fields, consent from leads"), [{ fields: '{"name":"Anna","email":"anna@example.com"}', consent: "You may write to me." }]);
  await tab.page.reload();
  await tab.answered(/hello/);
  await tab.page.getByRole("button", { name: "More" }).click();
  await tab.page.getByRole("button", { name: "New conversation" }).click();
  assert.equal(await tab.page.locator(".lead").count(), 0);
  assert.deepEqual(tab.problems.filter((text) => !/400/.test(text)), []);
});

test("only what is asked for is taken, and it is checked", async (t) => {
  const { server, visitor, boot } = await start(t);
  assert.deepEqual(boot.lead, { ask: "before", fields: [{ name: "name", required: false }, { name: "email", required: true }, { name: "phone", required: false }], consent: "You may write to me." });
  for (const [body, param] of [
    [{ consent: true }, "fields.email"],
    [{ fields: "x", consent: true }, "fields.email"],
    [{ fields: { email: " \t" }, consent: true }, "fields.email"],
    [{ fields: { email: ["a@example.com"] }, consent: true }, "fields.email"],
    [{ fields: { email: "anna" }, consent: true }, "fields.email"],
    [{ fields: { email: "a@b@example.com" }, consent: true }, "fields.email"],
    [{ fields: { email: "a b@example.com" }, consent: true }, "fields.email"],
    [{ fields: { email: `${"a".repeat(300)}@example.com` }, consent: true }, "fields.email"],
    [{ fields: { email: "a@example.com", phone: "12" }, consent: true }, "fields.phone"],
    [{ fields: { email: "a@example.com", phone: "call me" }, consent: true }, "fields.phone"],
    [{ fields: { email: "a@example.com" } }, "consent"],
    [{ fields: { email: "a@example.com" }, consent: "yes" }, "consent"],
  ]) {
    const reply = await visitor.post("/lead", body);
    assert.deepEqual([reply.status, (await reply.json()).error.param], [400, param], JSON.stringify(body));
  }
  assert.deepEqual(server.sql("select * from leads"), []);
  assert.equal((await visitor.post("/lead", { fields: { email: "anna@example.com", company: "not asked for" }, consent: true, language: "de-AT" })).status, 204);
  assert.equal((await visitor.boot()).lead, null);
  // Who says more is the same one.
  assert.equal((await visitor.post("/lead", { fields: { email: "anna@example.com", phone: "+49 (151) 234-567" }, consent: true })).status, 204);
  assert.deepEqual(server.sql("select fields from leads").map(({ fields }) => JSON.parse(fields)), [{ email: "anna@example.com", phone: "+49 (151) 234-567" }]);
  const none = await start(t, { bot: { lead: undefined } });
  assert.equal(none.boot.lead, null);
  assert.equal((await none.visitor.post("/lead", { fields: { email: "a@example.com" } })).status, 404);
});

test("the bot notes one once the visitor has confirmed it", async (t) => {
  const { server, visitor } = await start(t, { bot: { tools: ["call_back"], lead: undefined }, config: { tools: { call_back: { builtin: "capture_lead", confirm_text: "Shall we contact you?" } } } });
  const watch = await visitor.watch();
  const sent = await visitor.send('call call_back {"name":"Anna","email":"anna@example.com"}');
  await watch.wait("end");
  const [card] = watch.named("confirm");
  assert.deepEqual(card.fields, [{ name: "Name", value: "Anna" }, { name: "Email", value: "anna@example.com" }]);
  assert.deepEqual(server.sql("select * from leads"), []);
  await visitor.post("/confirm", { conversation: sent.conversation, confirmation: card.id, answer: "yes", key: "0123456789abcdef" });
  await until(() => server.sql("select * from leads").length === 1, "the lead");
  const [kept] = server.sql("select user_id, conversation_id, fields from leads");
  assert.match(kept.user_id, /^anon:/);
  assert.deepEqual([kept.conversation_id, JSON.parse(kept.fields)], [sent.conversation, { name: "Anna", email: "anna@example.com" }]);
  await watch.close();
});

test("printed as CSV that no spreadsheet runs, and as JSON; erased with the visitor", async (t) => {
  const { server, visitor } = await start(t, { bot: { lead: { fields: ["name", "email"] } } });
  assert.equal((await visitor.post("/lead", { fields: { name: '=HYPERLINK("x"), Anna', email: "anna@example.com" } })).status, 204);
  const csv = run(["leads", "-c", server.file]).out.split("\r\n");
  assert.equal(csv[0], "id,updated,bot,user,name,email,phone,company,message,consent,conversation");
  assert.ok(csv[1].includes(`"'=HYPERLINK(""x""), Anna","anna@example.com"`), csv[1]);
  const [json] = run(["leads", "-c", server.file, "--format", "json", "--bot", "support"]).out.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(json.fields.email, "anna@example.com");
  assert.equal(run(["leads", "-c", server.file, "--format", "xml"]).status, 2);
  assert.equal(run(["leads", "-c", server.file, "--bot", "nobody"]).status, 1);
  assert.equal((await visitor.json("/export?bot=support")).leads.length, 1);
  assert.equal(JSON.parse(run(["erase", "-c", server.file, "--user", json.user, "--yes"]).out).deleted.leads, 1);
  assert.deepEqual(server.sql("select * from leads"), []);
});
