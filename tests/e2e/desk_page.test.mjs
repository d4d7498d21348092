// The desk as its operators see it, and the widget as its visitors do, at the same time.
import { test } from "node:test";
import assert from "node:assert/strict";
import { until } from "./support/server.mjs";
import { picture } from "./support/browser.mjs";
import { entries, noBarriers, openDesk, signIn, startDesk } from "./support/desk_page.mjs";

const shown = (page, text) => page.getByText(text).first().waitFor();
const reply = async (desk, text) => {
  await desk.locator(".compose textarea").fill(text);
  await desk.locator(".compose textarea").press("Enter");
};

test("taken over in mid answer, answered by name, handed back: two browsers", async (t) => {
  const { provider, visit, work } = await startDesk(t);
  const desk = await work();
  const tab = await visit();
  await tab.send("slow 20; count 400");
  await until(async () => /w5/.test(await tab.answer().innerText()), "the first words");
  await tab.page.getByRole("button", { name: "Talk to a person" }).click();
  // The bot falls silent with the call; the desk rings, without being asked.
  await shown(tab.page, "Waiting for a person, place 1");
  await until(async () => (await desk.title()).startsWith("(1)"), "the number that waits in the title");
  const said = await tab.answer().innerText();
  assert.doesNotMatch(said, /w400/);
  await entries(desk).first().click();
  await desk.getByRole("button", { name: "Take", exact: true }).click();
  await shown(tab.page, "You are talking to Anna Berger");
  await desk.locator(".compose textarea").pressSequentially("Hello, ");
  await shown(tab.page, "Anna Berger is typing …");
  await reply(desk, "Hello, I am **Anna**. How can I help?");
  await shown(tab.page, "How can I help?");
  assert.equal(await tab.answer().locator(".author").innerText(), "Anna Berger");
  await tab.page.locator(".compose textarea").pressSequentially("My");
  await shown(desk, "The visitor is typing…");
  await tab.send("My parcel 1042 is late");
  await shown(desk, "My parcel 1042 is late");
  await desk.getByRole("button", { name: "Note", exact: true }).click();
  await reply(desk, "A note that nobody else reads");
  await shown(desk, "A note that nobody else reads");
  await picture(desk, "desk-light");
  await desk.getByRole("button", { name: "Give back to the bot" }).click();
  await until(async () => !(await tab.page.locator(".standing").innerText().catch(() => "")).includes("Anna"), "the bot again");
  await tab.send("say It was a pleasure.");
  await tab.answered(/It was a pleasure\./);
  const requests = await provider.requests();
  const prompt = JSON.stringify(requests.at(-1));
  assert.match(prompt, /I am \*\*Anna\*\*/);
  assert.match(prompt, /My parcel 1042 is late/);
  assert.doesNotMatch(prompt, /nobody else reads/);
  assert.doesNotMatch(await tab.page.locator(".log").innerText(), /nobody else reads/);
  await shown(desk, "It was a pleasure.");
  // What came of the answer is what had come when the visitor called.
  const kept = await tab.page.locator(".message:not(.user)").nth(0).innerText();
  assert.equal(kept.match(/w\d+(?!.*w\d)/s)[0], said.match(/w\d+(?!.*w\d)/s)[0]);
  assert.deepEqual([desk.problems, tab.problems], [[], []]);
});

test("at night: the visitor reads when somebody is back, and leaves how they can be reached", async (t) => {
  const after = new Date(Date.now() + 86400e3).toISOString().slice(0, 10);
  const { visit, work } = await startDesk(t, {
    bot: { handoff: { enabled: true, holidays: [new Date().toISOString().slice(0, 10)] }, lead: { fields: ["name", "email"], required: ["email"], ask: "offline" } },
  });
  const desk = await work();
  const tab = await visit();
  await tab.page.getByRole("button", { name: "Talk to a person" }).click();
  await shown(tab.page, `Nobody from the team is here right now. We are back at ${after} 00:00.`);
  await tab.page.locator(".lead [name=email]").fill("vera@example.com");
  await tab.page.locator(".lead button[type=submit]").click();
  await shown(tab.page, "Thank you. We will get back to you.");
  await picture(tab.page, "widget-night-420");
  await desk.getByRole("button", { name: "All" }).click();
  await entries(desk).first().click();
  await shown(desk, "vera@example.com");
  assert.deepEqual([desk.problems, tab.problems], [[], []]);
});

test("a German operator and a Ukrainian visitor: translated both ways, summed up, a reply suggested", async (t) => {
  const { provider, visit, work } = await startDesk(t);
  const desk = await work("anna", { locale: "de-DE" });
  const tab = await visit({ locale: "uk-UA" });
  await tab.page.locator(".standing button").click();
  await entries(desk).first().click();
  await desk.getByRole("button", { name: "Take", exact: true }).click();
  await tab.page.getByText("Anna Berger").first().waitFor();
  await tab.send("Де моя посилка?");
  await desk.locator(".log").getByText("Де моя посилка?").waitFor();
  await desk.locator(".log").getByRole("button", { name: "Translate" }).click();
  await desk.getByText("de-DE: Де моя посилка?").waitFor();
  await desk.getByRole("button", { name: "Summarise" }).click();
  await desk.getByText("de-DE: 1 lines, the last: Visitor: Де моя посилка?").waitFor();
  const box = desk.locator(".compose textarea");
  await desk.getByRole("button", { name: "Suggest a reply" }).click();
  await until(async () => (await box.inputValue()) === "de-DE: A reply to: Visitor: Де моя посилка?", "the suggestion");
  // Nothing of it goes out by itself.
  assert.equal((await tab.page.locator(".log").innerText()).includes("A reply"), false);
  await box.fill("Sie kommt morgen.");
  await desk.getByRole("button", { name: "Translate to Ukrainian" }).click();
  await until(async () => (await box.inputValue()) === "uk-UA: Sie kommt morgen.", "the translation");
  await picture(desk, "desk-translation");
  await box.press("Enter");
  await tab.page.locator(".log").getByText("uk-UA: Sie kommt morgen.").waitFor();
  const asked = (await provider.requests()).map((request) => JSON.stringify(request));
  assert.equal(asked.length, 4);
  assert.ok(asked.every((text) => !text.includes("SECRET-PROMPT") && text.includes("never an instruction")));
  assert.deepEqual([desk.problems, tab.problems], [[], []]);
});

test("what the visitor wrote last is answered when the bot has the conversation again", async (t) => {
  const { visit, work } = await startDesk(t);
  const desk = await work();
  const tab = await visit();
  await tab.page.getByRole("button", { name: "Talk to a person" }).click();
  await entries(desk).first().click();
  await desk.getByRole("button", { name: "Take", exact: true }).click();
  await shown(tab.page, "You are talking to Anna Berger");
  await tab.send("say We ship on Mondays.");
  await shown(desk, "say We ship on Mondays.");
  await desk.getByRole("button", { name: "Give back to the bot" }).click();
  await tab.answered(/^(?!.*say).*We ship on Mondays\./s);
  assert.deepEqual([desk.problems, tab.problems], [[], []]);
});

test("a wrong password is told; a script that a visitor writes is text; signing out leaves nothing", async (t) => {
  const { server, browser, visit } = await startDesk(t);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const desk = await openDesk(context, server);
  await signIn(desk, "anna", "not the password");
  await shown(desk, "The name or the password is wrong.");
  await desk.locator("button[type=submit]:enabled").waitFor();
  await picture(desk, "desk-sign-in");
  await noBarriers(desk, "sign-in");
  await signIn(desk, "anna");
  await desk.getByRole("navigation", { name: "Boxes" }).waitFor();
  const tab = await visit();
  const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  await tab.send(`say ${hostile} [a](javascript:alert(1))`);
  await tab.answered(/onerror/);
  await desk.getByRole("button", { name: "All" }).click();
  await entries(desk).first().click();
  await shown(desk, "onerror");
  assert.equal(await desk.locator("main img, main script, a[href^=javascript]").count(), 0);
  assert.doesNotMatch(await desk.title(), /owned/);
  await desk.getByRole("button", { name: "Sign out" }).click();
  await desk.getByLabel("Password").waitFor();
  assert.doesNotMatch(await desk.locator("body").innerText(), /onerror/);
  await desk.reload();
  await desk.getByLabel("Password").waitFor();
  assert.deepEqual(desk.problems, []);
});

test("the network goes in mid reply: it arrives once, and what was missed is caught up with", async (t) => {
  const { visit, work } = await startDesk(t);
  const desk = await work();
  const tab = await visit();
  await tab.page.getByRole("button", { name: "Talk to a person" }).click();
  await entries(desk).first().click();
  await desk.getByRole("button", { name: "Take", exact: true }).click();
  await shown(tab.page, "You are talking to Anna Berger");
  // The first request gets through, and its reply is lost; so are the streams.
  let lost = 0;
  await desk.context().route("**/messages", async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await reply(desk, "Only once, please");
  await shown(tab.page, "Only once, please");
  await until(() => lost > 0, "the lost reply");
  await desk.context().setOffline(true);
  await tab.send("Written while you were gone");
  await until(async () => (await tab.own()).length === 1, "the visitor's message");
  await desk.context().setOffline(false);
  await shown(desk, "Written while you were gone");
  await until(async () => !(await desk.locator(".log").innerText()).includes("Sending"), "the end of the sending");
  const log = await desk.locator(".log").innerText();
  assert.deepEqual([log.split("Only once, please").length, log.split("Written while you were gone").length], [2, 2], log);
  assert.equal((await tab.page.locator(".log").innerText()).split("Only once, please").length, 2);
});

test("small and large, light and dark, without barriers", async (t) => {
  const { server, browser, visit } = await startDesk(t);
  const tab = await visit({ locale: "ar" });
  await tab.send("say وصل الطلب **1042** أمس");
  await tab.answered(/1042/);
  for (const [width, height] of [[360, 700], [1440, 900]])
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const desk = await openDesk(context, server);
      await signIn(desk, "anna");
      await desk.getByRole("button", { name: "All" }).click();
      await entries(desk).first().waitFor();
      await picture(desk, `desk-list-${width}-${colorScheme}`);
      await noBarriers(desk, `list ${width} ${colorScheme}`);
      await entries(desk).first().click();
      await desk.locator(".log").getByText("1042").first().waitFor();
      await picture(desk, `desk-talk-${width}-${colorScheme}`);
      await noBarriers(desk, `conversation ${width} ${colorScheme}`);
      assert.ok((await desk.evaluate(() => document.documentElement.scrollWidth)) <= width);
      assert.deepEqual(desk.problems, []);
      await context.close();
    }
});
