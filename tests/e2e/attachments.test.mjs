// Images that visitors send: taken, kept, shown to the model, given out by signed links, erased.
import { test } from "node:test";
import assert from "node:assert/strict";
import { png } from "./support/png.mjs";
import { Server, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";

async function start(t, { attachments = { images: 3 }, bot = {}, config = {} } = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, { threads: 2, ...oneBot(provider, { access: { anonymous: true, origins: [origin] }, attachments, ...bot }), ...config });
  const visitor = new Visitor(server);
  await visitor.boot();
  const upload = async (bytes, { who = visitor, name = "photo.png", type = "image/png" } = {}) => {
    const reply = await fetch(`${server.url}/api/widget/files?bot=support&name=${encodeURIComponent(name)}`, {
      method: "POST", body: bytes, headers: { origin, "content-type": type, ...(who.session && { "x-switchboard-session": who.session }) },
    });
    who.session ??= reply.headers.get("x-switchboard-session");
    return { status: reply.status, ...(await reply.json()) };
  };
  const answered = (conversation, count) => until(async () => {
    const now = await visitor.conversation(conversation);
    return now.messages.length === count && now;
  }, "the answer in the store");
  return { provider, server, visitor, upload, answered };
}

const images = (message) => message.content.filter?.(({ type }) => type === "image_url").map((part) => part.image_url.url) ?? [];

test("an image is sent, seen by the model, kept, and seen again in later turns", async (t) => {
  const { provider, server, visitor, upload, answered } = await start(t);
  const { attachments } = await visitor.boot();
  assert.deepEqual(attachments, { images: 3, size: 1048576, types: ["image/jpeg", "image/png", "image/webp", "image/gif"] });
  const bytes = png();
  const file = await upload(bytes, { name: "my\n cat.png" });
  assert.deepEqual([file.status, file.media_type, file.width, file.height, file.size, file.name], [201, "image/png", 4, 3, bytes.length, "my  cat.png"]);
  const watch = await visitor.watch();
  const sent = await visitor.send("say a cat", { attachments: [file.id] });
  assert.equal(sent.status, 202);
  await watch.wait("end");
  const shown = watch.named("turn")[0].message.attachments;
  assert.deepEqual(shown.map(({ id, width }) => [id, width]), [[file.id, 4]]);
  const url = `data:image/png;base64,${bytes.toString("base64")}`;
  assert.deepEqual(images((await provider.requests()).at(-1).body.messages.at(-1)), [url]);
  const kept = await answered(sent.conversation, 2);
  assert.deepEqual(kept.messages[0].attachments.map(({ id }) => id), [file.id]);
  assert.equal(kept.messages[1].attachments, undefined);

  const next = await visitor.send("say again", { conversation: sent.conversation });
  await watch.wait("end", ({ turn }) => turn === next.turn);
  const { messages } = (await provider.requests()).at(-1).body;
  assert.deepEqual(messages.flatMap(images), [url]);
  await answered(sent.conversation, 4);
  // The last message again, and one that is only an image.
  const other = await upload(png(9, 9));
  const alone = await visitor.send("", { conversation: sent.conversation, attachments: [other.id] });
  assert.equal(alone.status, 202);
  await watch.wait("end", ({ turn }) => turn === alone.turn);
  await answered(sent.conversation, 6);
  const again = await (await visitor.post("/retry", { conversation: sent.conversation, key: "k".repeat(20) })).json();
  await watch.wait("end", ({ turn }) => turn === again.turn);
  const last = (await provider.requests()).at(-1).body.messages.at(-1);
  assert.deepEqual([last.role, images(last).length, last.content.length], ["user", 1, 1]);
  await watch.close();

  const link = new URL(kept.messages[0].attachments[0].url, server.url);
  const got = await fetch(link); // as <img> does: no headers of ours
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
  assert.equal(got.headers.get("content-type"), "image/png");
  assert.equal(got.headers.get("x-content-type-options"), "nosniff");
  assert.match(got.headers.get("content-security-policy"), /sandbox/);
});

test("links are of one image and for a time", async (t) => {
  const { server, upload } = await start(t);
  const [one, two] = [await upload(png()), await upload(png(5, 5))];
  const link = (url) => fetch(new URL(url, server.url));
  assert.equal((await link(one.url)).status, 200);
  for (const url of [
    one.url.replace(one.id, two.id),
    one.url.replace(/until=\d+/, "until=99999999999"),
    one.url.replace(/until=\d+/, "until=1"),
    one.url.replace(/until=\d+/, "until=x"),
    one.url.replace(/sign=./, "sign=_"),
    one.url.replace(/&sign=.*/, ""),
    one.url.replace(/\?.*/, ""),
    `/api/widget/files/`,
    `/api/widget/files/${"x".repeat(500)}?until=1&sign=2`,
  ]) {
    const reply = await link(url);
    assert.equal(reply.status, 403, url);
    assert.equal((await reply.json()).error.code, "link_expired");
  }
});

test("nobody sends another's image, or one twice", async (t) => {
  const { visitor, server, upload, answered } = await start(t);
  const other = new Visitor(server);
  await other.boot();
  const file = await upload(png(), { who: other });
  const stolen = await visitor.send("say x", { attachments: [file.id] });
  assert.deepEqual([stolen.status, stolen.error.code, stolen.error.param], [404, "attachment_not_found", "attachments"]);
  const mine = await upload(png());
  const sent = await visitor.send("say x", { attachments: [mine.id] });
  await answered(sent.conversation, 2);
  assert.equal((await visitor.send("say y", { conversation: sent.conversation, attachments: [mine.id] })).status, 404);
  // The same message, sent again by a page that never got the reply, is the same.
  const key = "k".repeat(24), again = await upload(png());
  const first = await visitor.send("say z", { key, attachments: [again.id] });
  const second = await visitor.send("say z", { key, attachments: [again.id] });
  assert.deepEqual([second.status, second.message], [202, first.message]);
  for (const [attachments, status] of [
    [[mine.id, mine.id], 400],
    ["x", 400],
    [[1], 400],
    [["../../x"], 400],
    [Array.from({ length: 9 }, (_, i) => `01AAAAAAAAAAAAAAAAAAAAAAA${i}`), 400],
  ])
    assert.equal((await visitor.send("say x", { attachments })).status, status, JSON.stringify(attachments));
  const four = [];
  for (let i = 0; i < 4; i++) four.push((await upload(png())).id);
  const many = await visitor.send("say x", { attachments: four });
  assert.deepEqual([many.status, many.error.message], [413, "At most 3 images can be sent with a message."]);
});

test("what is no image, too large or not taken is refused, with a reason", async (t) => {
  const { upload } = await start(t, { attachments: { images: 1, size: "2KiB", types: ["image/png"] } });
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  const noise = png(); // a picture by its name only
  noise[0] = 0x88;
  const gif = Buffer.from("GIF89a\x01\x00\x01\x00\x80\x00\x00", "latin1");
  const vast = png();
  vast.writeUInt32BE(100000, 16);
  for (const [bytes, status, text] of [
    [svg, 400, /not an image of a kind/],
    [noise, 400, /not an image of a kind/],
    [gif, 400, /not an image of a kind/],
    [Buffer.alloc(0), 400, /not an image of a kind/],
    [png().subarray(0, 20), 400, /not an image of a kind/],
    [vast, 413, /at most 8000 x 8000 pixels/],
    [Buffer.concat([png(), Buffer.alloc(3000)]), 413, /2048 are allowed/],
  ]) {
    const reply = await upload(bytes, { type: "image/svg+xml" });
    assert.equal(reply.status, status, reply.error?.message);
    assert.match(reply.error.message, text);
  }
  assert.equal((await upload(png(), { type: "text/html" })).media_type, "image/png"); // what it is counts
});

test("a bot that takes no images says so, and limits hold", async (t) => {
  const { upload, visitor } = await start(t, { attachments: {} });
  assert.equal((await visitor.boot()).attachments, null);
  const reply = await upload(png());
  assert.deepEqual([reply.status, reply.error.message], [403, "Images cannot be sent here."]);
  const limited = await start(t, { bot: { limits: { messages_per_minute: 2 } } });
  const codes = [];
  for (let i = 0; i < 3; i++) codes.push((await limited.upload(png())).status);
  assert.deepEqual(codes, [201, 201, 429]);
});

test("images that are never sent do not pile up", async (t) => {
  const { upload, visitor } = await start(t);
  const bytes = png(), ids = [];
  for (let i = 0; i < 20; i++) ids.push((await upload(bytes)).id);
  const more = await upload(bytes);
  assert.equal(more.status, 429);
  assert.match(more.error.message, /Too many images wait to be sent/);
  const watch = await visitor.watch();
  await visitor.send("say thanks", { attachments: ids.slice(0, 1) });
  await watch.wait("end");
  await watch.close();
  assert.equal((await upload(bytes)).status, 201);
});

test("erased with the conversation, given out on export, and never left lying", async (t) => {
  const { server, visitor, upload, answered } = await start(t);
  const bytes = png();
  const file = await upload(bytes);
  const sent = await visitor.send("say x", { attachments: [file.id] });
  await answered(sent.conversation, 2);
  await upload(png(7, 7)); // never sent
  const exported = await (await visitor.get("/export?bot=support")).json();
  assert.deepEqual(exported.attachments.map(({ message, data }) => [message, data.length > 0]), [[sent.message, true], ["", true]]);
  assert.equal(exported.attachments[0].data, bytes.toString("base64"));
  assert.equal(await visitor.remove(sent.conversation), 204);
  assert.equal(server.sql("select count(*) as n from attachments")[0].n, 1);
  assert.equal((await fetch(new URL(file.url, server.url))).status, 404);
  const erased = await (await fetch(`${server.url}/api/widget/data?bot=support`, { method: "DELETE", headers: { origin, "x-switchboard-session": visitor.session } })).json();
  assert.equal(erased.deleted.attachments, 1);
  // One that was chosen and never sent is gone a day later.
  await upload(png());
  server.sql(`update attachments set created_ms = created_ms - ${25 * 3600000}`);
  await server.stop({ keep: true });
  await server.spawn();
  await until(() => server.sql("select count(*) as n from attachments")[0].n === 0, "the image to be forgotten");
});

test("mistakes in the configuration are told", async (t) => {
  const { server } = await start(t);
  const check = (attachments, more = {}) => {
    server.write({ ...server.config, bots: { support: { ...server.config.bots.support, ...more, attachments } } });
    return run(["check", "-c", server.file]);
  };
  for (const [attachments, text, more] of [
    [{ images: 9 }, /images/],
    [{ images: 1, types: ["image/svg+xml"] }, /"image\/svg\+xml" is none of image\/jpeg/],
    [{ images: 1, size: "8MiB" }, /larger than http\.body_max/],
    [{ images: 1 }, /none of the bot's models sees images/, { models: ["offline"] }],
  ]) {
    const done = check(attachments, more);
    assert.equal(done.status, 1);
    assert.match(done.err, text);
  }
});
