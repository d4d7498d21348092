// Images in the widget: chosen, made smaller, sent, shown; in Chromium, on a page of another origin.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, until } from "./support/server.mjs";
import { startBrowser, picture } from "./support/browser.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { startPage, Tab } from "./support/page_server.mjs";
import { png } from "./support/png.mjs";

async function start(t, { images = "widget", attachments = { images: 2 } } = {}) {
  const [provider, page, browser] = await Promise.all([startProvider(t), startPage(t, { images }), startBrowser(t)]);
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: true, origins: [page.origin] }, attachments }));
  page.widget = server.url;
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const tab = await Tab.open(context, page.origin);
  await tab.show();
  const choose = (...files) => tab.page.locator("input[type=file]").setInputFiles(files.map(([name, mimeType, buffer]) => ({ name, mimeType, buffer })));
  const seen = async () => (await provider.requests()).flatMap(({ body }) => body.messages).flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter(({ type }) => type === "image_url").map((part) => Buffer.from(part.image_url.url.split(",")[1], "base64"));
  return { provider, server, tab, choose, seen };
}

// A photo as a telephone makes it: large, and it tells where it was taken.
async function photo(page) {
  const base64 = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [3000, 2000];
    const pen = canvas.getContext("2d");
    for (let i = 0; i < 4000; i++) {
      pen.fillStyle = `hsl(${(i * 97) % 360} 80% 50%)`;
      pen.fillRect((i * 71) % 3000, (i * 53) % 2000, 90, 60);
    }
    return canvas.toDataURL("image/jpeg", 0.97).split(",")[1];
  });
  const bytes = Buffer.from(base64, "base64");
  const note = Buffer.from("Exif\0\0SECRET-PLACE");
  return Buffer.concat([bytes.subarray(0, 2), Buffer.from([0xff, 0xe1, 0, note.length + 2]), note, bytes.subarray(2)]);
}

test("pictures are chosen, made smaller, sent with a message and shown, also after a reload", async (t) => {
  const { tab, choose, seen } = await start(t);
  const bytes = await photo(tab.page);
  await choose(["trip.jpg", "image/jpeg", bytes], ["drawing.png", "image/png", png(40, 30)]);
  await tab.page.getByRole("button", { name: "Remove drawing.png" }).waitFor();
  await tab.page.getByRole("button", { name: "Remove trip.jpg" }).waitFor();
  await until(() => tab.page.locator(".chosen img").evaluateAll((all) => all.length === 2 && all.every((one) => one.complete && one.naturalWidth > 0)), "both pictures");
  assert.equal(await tab.page.getByRole("button", { name: "Add images" }).isDisabled(), true);
  await picture(tab.page, "images-chosen");
  await tab.send("say nice");
  await tab.answered(/nice/);
  assert.equal(await tab.page.locator(".chosen").count(), 0);
  const sent = await seen();
  assert.equal(sent.length, 2);
  const [trip, drawing] = sent[0].length > sent[1].length ? sent : [sent[1], sent[0]];
  assert.ok(trip.length < bytes.length && !trip.includes("SECRET-PLACE"));
  assert.deepEqual(drawing, png(40, 30)); // small ones stay as they are
  const size = () => tab.page.locator(".message.user .pictures img").evaluateAll((all) => all.map((one) => one.complete && one.naturalWidth).sort());
  await until(async () => String(await size()) === "1600,40", `the pictures, ${await size()}`);
  assert.deepEqual(await tab.page.locator(".message.user .pictures img").evaluateAll((all) => all.map(({ alt }) => alt).sort()), ["drawing.png", "trip.jpg"]);
  await picture(tab.page, "images");
  await tab.page.reload();
  await until(async () => String(await size()) === "1600,40", "the pictures after a reload");
  // One without a word, by the keyboard.
  await choose(["drawing.png", "image/png", png(50, 30)]);
  await tab.page.getByRole("button", { name: "Remove drawing.png" }).waitFor();
  await tab.page.locator(".compose textarea").press("Enter");
  await until(async () => (await tab.page.locator(".message.user").count()) === 2, "the second message");
  await until(async () => (await seen()).some((one) => one.equals(png(50, 30))), "the picture at the provider");
  assert.deepEqual(tab.problems, []);
});

test("what cannot be sent is told, and what was written stays", async (t) => {
  const { tab, choose, server } = await start(t, { attachments: { images: 2, types: ["image/png"] } });
  await tab.page.locator(".compose textarea").fill("look at this");
  const told = (text) => tab.page.locator(".notice").getByText(text).waitFor();
  await choose(["evil.svg", "image/svg+xml", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')]);
  await told("evil.svg is not an image that can be sent.");
  await choose(["notes.png", "image/png", Buffer.from("just text")]);
  await told("notes.png is not an image that can be sent.");
  await choose(["a.png", "image/png", png(1, 1)], ["b.png", "image/png", png(2, 1)], ["c.png", "image/png", png(3, 1)]);
  await told("At most 2 images in one message.");
  await tab.page.getByRole("button", { name: "Remove b.png" }).click();
  assert.equal(await tab.page.locator(".chosen li").count(), 1);
  // The server forgot it: the message is not lost.
  server.sql("delete from attachments");
  await tab.send("look at this");
  await tab.page.getByText("One of the images is not there any longer").first().waitFor();
  await tab.page.getByRole("button", { name: "Take back" }).click();
  await until(async () => (await tab.page.locator(".compose textarea").inputValue()) === "look at this", "the text in the box");
  await tab.page.getByRole("button", { name: "Remove a.png" }).click();
  await tab.send("say without");
  await tab.answered(/without/);
});

test("a photo is drawn anew in a kind that the bot takes", async (t) => {
  const { tab, choose, seen } = await start(t, { attachments: { images: 1, types: ["image/png"], size: "300KiB" } });
  await choose(["trip.jpg", "image/jpeg", await photo(tab.page)]);
  await tab.page.getByRole("button", { name: "Remove trip.jpg" }).waitFor();
  await tab.send("say nice");
  await tab.answered(/nice/);
  const [trip] = await seen();
  assert.ok(trip.subarray(1, 4).equals(Buffer.from("PNG")) && trip.length <= 300 * 1024);
});

test("a page whose policy forbids the server's images shows their names", async (t) => {
  const { tab, choose } = await start(t, { images: "" });
  await choose(["drawing.png", "image/png", png(40, 30)]);
  await tab.page.getByText("drawing.png", { exact: true }).waitFor();
  await tab.send("say nice");
  await tab.answered(/nice/);
  await tab.page.locator(".message.user .pictures").getByText("drawing.png").waitFor();
});
