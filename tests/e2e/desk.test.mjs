// Operators take conversations over: the bot is silent from that moment, nothing is lost, nothing comes twice.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";
import { Operator, newKey } from "./support/desk_client.mjs";

async function start(t, { bot = {}, config = {} } = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, { threads: 2, ...oneBot(provider, { access: { anonymous: true, origins: [origin] }, handoff: { enabled: true }, ...bot }), ...config });
  const visitor = new Visitor(server);
  const boot = await visitor.boot();
  return { provider, server, visitor, boot };
}

const call = async (visitor, conversation) => {
  const reply = await visitor.post("/handoff", { conversation, key: newKey(), language: "uk" });
  return { status: reply.status, ...(await reply.json()) };
};

test("asked for, taken over in mid answer, answered, handed back", async (t) => {
  const { provider, server, visitor, boot } = await start(t);
  assert.equal(boot.handoff, true);
  const operator = await Operator.come(server, "anna", "--display", "Anna");
  const desk = await operator.watch();
  const watch = await visitor.watch();
  const sent = await visitor.send("slow 5; count 2000");
  await until(() => watch.named("delta").length > 5, "the answer to begin");
  const taken = await operator.act(sent.conversation, "take");
  assert.deepEqual([taken.mode, taken.operator.display], ["operator", "Anna"]);
  const status = await watch.wait("status", ({ mode }) => mode === "operator");
  assert.equal(status.operator, "Anna");
  // What the visitor saw of the answer is what is kept of it.
  const { messages } = await visitor.conversation(sent.conversation);
  const [cut] = watch.named("message");
  assert.equal(cut.status, "partial");
  assert.deepEqual(messages.map(({ role, content, status }) => [role, content, status]), [
    ["user", "slow 5; count 2000", "complete"],
    ["assistant", cut.content, "partial"],
  ]);
  assert.ok(cut.content.startsWith(watch.deltas(sent.turn)));
  const end = await watch.wait("end");
  assert.equal(end.finish, "cancelled");
  // The operator and the visitor talk; the bot does not.
  const requests = (await provider.requests()).length;
  const key = newKey();
  const written = await operator.write(sent.conversation, "Hello, **Anna** here.", { key });
  const heard = await watch.wait("message", ({ role }) => role === "operator");
  assert.deepEqual([heard.content, heard.author, heard.key, heard.id], ["Hello, **Anna** here.", "Anna", key, written.message.id]);
  const again = await operator.write(sent.conversation, "Hello, **Anna** here.", { key });
  assert.deepEqual(again, written);
  const reply = await visitor.send("My parcel is 1042", { conversation: sent.conversation });
  assert.deepEqual([reply.status, reply.turn, reply.answer], [202, undefined, undefined]);
  await watch.wait("message", ({ id, role }) => id === reply.message && role === "user");
  const ring = await desk.wait("conversation", ({ ring, last }) => ring && last?.text === "My parcel is 1042");
  assert.equal(ring.id, sent.conversation);
  await operator.act(sent.conversation, "typing");
  await watch.wait("status", ({ typing }) => typing);
  assert.equal((await provider.requests()).length, requests);
  // From here on it is the bot's again, and it knows what was said.
  const given = await operator.act(sent.conversation, "give", { to: "bot" });
  assert.deepEqual([given.mode, given.operator], ["bot", null]);
  await watch.wait("status", ({ mode }) => mode === "bot");
  const next = await visitor.send("say Thank you", { conversation: sent.conversation });
  await watch.wait("end", ({ turn }) => turn === next.turn);
  const prompt = JSON.stringify((await provider.requests()).at(-1));
  assert.match(prompt, /Hello, \*\*Anna\*\* here\./);
  assert.match(prompt, /My parcel is 1042/);
  const order = watch.events.map(({ name, role, mode }) => [name, role ?? mode].filter(Boolean).join(" "));
  const from = order.indexOf("status operator"), to = order.indexOf("status bot");
  assert.ok(!order.slice(from, to).some((one) => one === "delta" || one === "message assistant"), order.join("\n"));
  assert.equal(watch.named("message").filter(({ role }) => role === "operator").length, 1);
  await watch.close();
  await desk.close();
});

test("a call for a person rings, waits in its place, and is taken by one of two", async (t) => {
  const { server, visitor } = await start(t);
  const anna = await Operator.come(server, "anna");
  const boris = await Operator.come(server, "boris");
  const desk = await anna.watch();
  const watch = await visitor.watch();
  const called = await call(visitor);
  assert.deepEqual([called.status, called.mode, called.position], [202, "waiting", 1]);
  const ring = await desk.wait("conversation", ({ ring }) => ring);
  assert.deepEqual([ring.id, ring.mode, ring.language], [called.conversation, "waiting", "uk"]);
  const other = new Visitor(server);
  await other.boot();
  const second = await call(other);
  assert.equal(second.position, 2);
  // The same call again is the same call.
  assert.equal((await call(visitor, called.conversation)).conversation, called.conversation);
  assert.deepEqual((await anna.list()).map(({ id }) => id), [called.conversation, second.conversation]);
  const otherWatch = await other.watch();
  const takes = await Promise.all([anna, boris].map((one) => one.post(`/conversations/${called.conversation}/take`)));
  const statuses = takes.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 409]);
  await otherWatch.wait("status", ({ position }) => position === 1);
  const [winner, loser] = takes[0].status === 200 ? [anna, boris] : [boris, anna];
  assert.deepEqual(await loser.refused(`/conversations/${called.conversation}/take`), [409, "taken"]);
  assert.deepEqual(await loser.refused(`/conversations/${called.conversation}/messages`, { text: "hi", key: newKey() }), [409, "not_yours"]);
  assert.deepEqual(await loser.refused(`/conversations/${called.conversation}/close`), [409, "not_yours"]);
  // A note is nobody's but the operators'.
  await loser.write(called.conversation, "A note that must not be seen", { note: true });
  await winner.write(called.conversation, "I am here.");
  await watch.wait("message", ({ role }) => role === "operator");
  const { messages } = await visitor.conversation(called.conversation);
  assert.deepEqual(messages.map(({ content }) => content), ["I am here."]);
  assert.deepEqual((await winner.one(called.conversation)).messages.map(({ role }) => role), ["note", "operator"]);
  assert.ok(!JSON.stringify(watch.events).includes("must not be seen"));
  await desk.wait("note", ({ content }) => content === "A note that must not be seen");
  const closed = await winner.act(called.conversation, "close", { reason: "solved" });
  assert.deepEqual([closed.mode, closed.reason], ["closed", "solved"]);
  await watch.wait("status", ({ mode }) => mode === "closed");
  assert.deepEqual((await anna.list("closed")).map(({ id }) => id), [called.conversation]);
  // Who writes again talks to the bot again.
  const sent = await visitor.send("say Hello again", { conversation: called.conversation });
  await watch.wait("status", ({ mode }) => mode === "bot");
  await watch.wait("end", ({ turn }) => turn === sent.turn);
  for (const one of [watch, otherWatch, desk]) await one.close();
});

const lead = { fields: ["name", "email"], required: ["email"], ask: "offline" };
const nobody = "Nobody from the team is here right now. The assistant goes on helping you.";

test("nobody is there: the visitor is told so, asked how they can be reached, and goes on with the bot", async (t) => {
  const { server, visitor } = await start(t, { bot: { lead } });
  const watch = await visitor.watch();
  const away = await Operator.come(server, "anna");
  const desk = await away.watch();
  await away.do("/presence", { away: true });
  const key = newKey();
  const first = await visitor.post("/handoff", { key, language: "en" });
  const called = await first.json();
  assert.deepEqual([first.status, called.mode, called.position], [202, "bot", undefined]);
  const told = await watch.wait("message");
  assert.deepEqual([told.role, told.content, told.conversation], ["assistant", nobody, called.conversation]);
  assert.equal((await watch.wait("lead")).turn, told.turn);
  // The same call again tells nobody twice.
  assert.equal((await (await visitor.post("/handoff", { key, language: "en" })).json()).conversation, called.conversation);
  assert.deepEqual((await visitor.conversation(called.conversation)).messages.map(({ content }) => content), [nobody]);
  const sent = await visitor.send("say Here I am", { conversation: called.conversation });
  await watch.wait("end", ({ turn }) => turn === sent.turn);
  // Somebody comes back.
  await away.do("/presence", { away: false });
  assert.equal((await call(visitor, called.conversation)).mode, "waiting");
  await watch.close();
  await desk.close();
});

test("outside the hours the visitor reads when somebody is back, in their language", async (t) => {
  const all = Object.fromEntries(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => [day, "0:00-24:00"]));
  const today = new Date().toISOString().slice(0, 10), tomorrow = new Date(Date.now() + 86400e3).toISOString().slice(0, 10), after = new Date(Date.now() + 2 * 86400e3).toISOString().slice(0, 10);
  const { server, visitor } = await start(t, { bot: { handoff: { enabled: true, hours: all, holidays: [today, tomorrow.slice(5)], nobody: "wait" } } });
  await Operator.come(server, "anna").then((anna) => anna.watch());
  const watch = await visitor.watch();
  const reply = await visitor.post("/handoff", { key: newKey(), language: "de-AT" });
  assert.equal((await reply.json()).mode, "bot");
  const told = await watch.wait("message");
  assert.equal(told.content, `Im Moment ist niemand vom Team da. Wir sind ab ${after} 00:00 wieder für Sie da. Bis dahin hilft Ihnen der Assistent weiter.`);
  await watch.close();
});

test("an operator has as many conversations as they may; who is let wait waits", async (t) => {
  const { server, visitor } = await start(t, { bot: { handoff: { enabled: true, chats: 1 } } });
  const anna = await Operator.come(server, "anna");
  const desk = await anna.watch();
  const one = await call(visitor);
  assert.equal(one.mode, "waiting");
  await anna.act(one.conversation, "take");
  const other = new Visitor(server);
  await other.boot();
  assert.equal((await call(other)).mode, "bot");
  await anna.act(one.conversation, "close", { reason: "solved" });
  assert.equal((await call(other)).mode, "waiting");
  await desk.close();
});

test("nobody waits for ever: not for an operator who does not come, nor for one who is gone", async (t) => {
  const { server, visitor } = await start(t, { bot: { handoff: { enabled: true, nobody: "wait", wait_max: "2s" } } });
  const watch = await visitor.watch();
  const anna = await Operator.come(server, "anna");
  const called = await call(visitor);
  await watch.wait("status", ({ mode }) => mode === "waiting");
  await watch.wait("status", ({ mode }) => mode === "bot");
  const told = await watch.wait("message");
  assert.equal(told.content, "Зараз нікого з команди немає. Помічник допомагатиме вам далі.");
  assert.deepEqual((await visitor.conversation(called.conversation)).messages.map(({ id }) => id), [told.id]);
  // Anna takes it and is gone: her visitor's next message calls for somebody else.
  await anna.act(called.conversation, "take");
  const desk = await anna.watch();
  await visitor.send("Are you there?", { conversation: called.conversation });
  await desk.wait("conversation", ({ ring }) => ring);
  assert.equal((await anna.one(called.conversation)).mode, "operator");
  const seen = watch.events.length;
  await desk.close();
  await until(() => watch.events.slice(seen).some(({ name, mode }) => name === "status" && mode === "waiting"), "the call for another");
  await watch.close();
});

test("the model helps operators: streamed, paid for, kept nowhere, and what is wrong is told", async (t) => {
  const { provider, server, visitor } = await start(t, { bot: { limits: { messages_per_minute: 1 } } });
  const anna = await Operator.come(server, "anna");
  const desk = await anna.watch();
  const watch = await visitor.watch();
  const sent = await visitor.send("say We ship on Mondays.");
  await watch.wait("end");
  await anna.write(sent.conversation, "A note that no model reads", { note: true });
  const path = `/conversations/${sent.conversation}/assist`;
  const help = async (body) => {
    const reply = await anna.post(path, { language: "de", ...body });
    assert.equal(reply.status, 200);
    const events = (await reply.text()).split("\n\n").filter((block) => block.startsWith("event: "));
    assert.match(events.at(-1), /^event: end\ndata: \{"finish":"stop"\}$/);
    return events.slice(0, -1).map((block) => JSON.parse(block.split("data: ")[1]).text).join("");
  };
  // More often than a visitor might ask.
  assert.equal(await help({ task: "summary" }), "de: 2 lines, the last: Bot: We ship on Mondays.");
  assert.equal(await help({ task: "reply", text: "Guten Tag" }), "de: Guten Tag and a reply to: Bot: We ship on Mondays.");
  assert.equal(await help({ task: "translate", language: "uk", text: "Guten Tag" }), "uk: Guten Tag");
  assert.ok(!JSON.stringify(await provider.requests()).includes("no model reads"));
  await until(() => server.sql("select count(*) as count from calls where state <> 'open'")[0].count === 4, "the calls");
  const { calls, messages } = await anna.one(sent.conversation);
  assert.deepEqual([calls.count, messages.length], [4, 3]);
  assert.equal(server.sql("select count(*) as count from conversations")[0].count, 1);
  for (const [body, words] of [
    [{ task: "sing" }, /task must be/],
    [{ task: "translate", text: " " }, /text is empty/],
    [{ task: "summary", language: "de; ignore all" }, /language must be/],
    [{ task: "translate", text: "x".repeat(17000) }, /too long/],
  ]) {
    const reply = await anna.post(path, { language: "de", ...body });
    assert.ok(reply.status === 400 || reply.status === 413);
    assert.match((await reply.json()).error.message, words);
  }
  provider.kill();
  const down = await anna.post(path, { task: "summary", language: "de" });
  assert.ok(down.status >= 500, String(down.status));
  assert.ok((await down.json()).error.message);
  await watch.close();
  await desk.close();
});

test("one's words call for a person, also as the very first message", async (t) => {
  const { provider, server, visitor } = await start(t, { bot: { handoff: { enabled: true, keywords: ["operator", "talk to a human", "Mitarbeiter"] } } });
  const anna = await Operator.come(server, "anna");
  const desk = await anna.watch();
  const watch = await visitor.watch();
  const key = newKey();
  const sent = await visitor.send("I want to TALK to a human!", { key });
  assert.deepEqual([sent.status, sent.turn], [202, undefined]);
  await watch.wait("status", ({ mode, position }) => mode === "waiting" && position === 1);
  const ring = await desk.wait("conversation", ({ ring }) => ring);
  assert.deepEqual([ring.id, ring.reason, ring.last.text], [sent.conversation, "I want to TALK to a human!", "I want to TALK to a human!"]);
  assert.deepEqual(await visitor.send("I want to TALK to a human!", { key, conversation: sent.conversation }), sent);
  assert.equal((await anna.one(sent.conversation)).messages.length, 1);
  assert.equal((await provider.requests()).length, 0);
  const other = new Visitor(server);
  await other.boot();
  const no = await other.send("say How do cooperators work?");
  assert.ok(no.turn);
  await watch.close();
  await desk.close();
});

test("what is taken out of texts is not in the reason either; what a visitor deletes is gone from the desk", async (t) => {
  const { server, visitor } = await start(t, { bot: { handoff: { enabled: true, keywords: ["human"] }, redact: { email: { from: ["log"] } } } });
  const anna = await Operator.come(server, "anna");
  const desk = await anna.watch();
  const sent = await visitor.send("A human, to vera@example.com");
  const ring = await desk.wait("conversation", ({ ring }) => ring);
  assert.deepEqual([ring.reason, ring.title], ["A human, to [email]", "A human, to [email]"]);
  const other = await visitor.send('call handoff_to_operator {"reason":"write to vera@example.com","summary":"vera@example.com waits"}; say Yes.');
  const second = await desk.wait("conversation", ({ ring, id }) => ring && id === other.conversation);
  assert.deepEqual([second.reason, second.summary], ["write to [email]", "[email] waits"]);
  assert.ok(!JSON.stringify([server.sql("select * from conversations"), server.sql("select * from handoffs"), server.sql("select * from messages")]).includes("vera@"));
  assert.equal(await visitor.remove(sent.conversation), 204);
  await desk.wait("gone", ({ conversation }) => conversation === sent.conversation);
  assert.deepEqual(server.sql(`select * from handoffs where conversation_id = '${sent.conversation}'`), []);
  await desk.close();
});

test("the bot calls for a person with its tool, when it has answered", async (t) => {
  const { server, visitor } = await start(t);
  const anna = await Operator.come(server, "anna");
  const desk = await anna.watch();
  const watch = await visitor.watch();
  const sent = await visitor.send('call handoff_to_operator {"reason":"wants a refund","summary":"Order 1042 came broken."}; say Somebody will be with you.');
  await watch.wait("end", ({ turn }) => turn === sent.turn);
  await watch.wait("status", ({ mode }) => mode === "waiting");
  const ring = await desk.wait("conversation", ({ ring }) => ring);
  assert.deepEqual([ring.reason, ring.summary], ["wants a refund", "Order 1042 came broken."]);
  const taken = await anna.act(sent.conversation, "take");
  assert.equal(taken.reason, "wants a refund");
  const { tools } = await anna.one(sent.conversation);
  assert.deepEqual(tools.map(({ tool, outcome }) => [tool, outcome]), [["handoff_to_operator", "done"]]);
  await desk.close();
  // Where nobody is, the model is told, and nothing happens.
  const other = new Visitor(server);
  await other.boot();
  const second = await other.watch();
  await until(async () => !(await anna.json("/operators")).data.some(({ present }) => present), "the operator to be gone");
  const alone = await other.send('call handoff_to_operator {"reason":"wants a refund"}; say Nobody is here.');
  await second.wait("end", ({ turn }) => turn === alone.turn);
  assert.deepEqual(second.named("status"), []);
  assert.equal((await other.conversation(alone.conversation)).mode, "bot");
  await watch.close();
  await second.close();
});

test("one who is removed while signed in is out, and their visitors wait again", async (t) => {
  const { server, visitor } = await start(t);
  const anna = await Operator.come(server, "anna");
  const desk = await anna.watch();
  const called = await call(visitor);
  await anna.act(called.conversation, "take");
  assert.equal(run(["operator", "remove", "-c", server.file, "anna"]).status, 0);
  assert.deepEqual(await anna.refused(`/conversations/${called.conversation}/messages`, { text: "hi", key: newKey() }), [401, "signed_out"]);
  await desk.wait("signed_out");
  await until(() => desk.ended, "the end of the stream");
  const boris = await Operator.come(server, "boris");
  assert.deepEqual((await boris.list()).map(({ id, mode }) => [id, mode]), [[called.conversation, "waiting"]]);
});

test("a thousand takeovers at any moment: nothing of the bot comes behind the operator's first", async (t) => {
  const { server } = await start(t);
  const operator = await Operator.come(server);
  const rounds = Number(process.env.SWITCHBOARD_TAKEOVERS ?? 1000), width = 20;
  let number = 0, cut = 0, whole = 0;
  const one = async () => {
    while (number < rounds) {
      const at = number++;
      const visitor = new Visitor(server);
      await visitor.boot();
      const watch = await visitor.watch();
      const sent = await visitor.send(`slow 1; count ${10 + (at % 30)}`);
      assert.equal(sent.status, 202);
      // Anywhere from before the first word to after the last.
      await until(() => watch.named("delta").length >= at % 23 || watch.named("end").length, "some of the answer");
      const reply = await operator.post(`/conversations/${sent.conversation}/take`);
      assert.equal(reply.status, 200, await reply.text());
      await operator.write(sent.conversation, "Here I am.");
      const first = await watch.wait("message", ({ role }) => role === "operator");
      const behind = watch.events.slice(watch.events.findIndex(({ name, mode }) => name === "status" && mode === "operator"));
      assert.deepEqual(behind.filter(({ name, role }) => name === "delta" || name === "tool" || role === "assistant"), []);
      // What is kept of the answer is what was seen of it.
      const { messages } = await visitor.conversation(sent.conversation);
      const answer = watch.events.find(({ name, role }) => name === "message" && role === "assistant");
      const kept = messages.find(({ role }) => role === "assistant");
      assert.equal(kept?.content ?? "", answer.content);
      assert.equal(messages.at(-1).id, first.id);
      assert.ok(messages.at(-1).position === messages.length);
      if (kept?.status === "complete") whole++;
      else cut++;
      await watch.close();
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  assert.equal(cut + whole, rounds);
  assert.ok(cut > rounds / 10, `only ${cut} were cut`);
  t.diagnostic(`${rounds} takeovers: ${cut} in mid answer, ${whole} behind its end`);
});
