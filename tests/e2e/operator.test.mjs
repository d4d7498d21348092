// The accounts of operators, from the command line.
import { test } from "node:test";
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, run } from "./support/server.mjs";

function place(t) {
  const path = folder({ "switchboard.yaml": JSON.stringify({ database: "sqlite:test.db", bots: { shop: { models: ["offline"] }, club: { models: ["offline"] } } }) });
  t.after(() => rmSync(path, { recursive: true }));
  const file = join(path, "switchboard.yaml");
  return { path, file, operator: (args, input = "correct horse battery\n") => run(["operator", args[0], "-c", file, ...args.slice(1)], { input }) };
}

test("added, listed, given a new password, removed", (t) => {
  const { operator } = place(t);
  assert.deepEqual([operator(["add", "Anna@Shop.example", "--display", "Анна", "--role", "lead", "--bots", "shop,club"]).status, operator(["add", "boris@shop.example"]).status], [0, 0]);
  const list = operator(["list"]);
  assert.match(list.out, /^anna@shop\.example +Анна +lead +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +shop,club$/m);
  assert.match(list.out, /^boris@shop\.example +boris +operator .* all$/m);
  assert.doesNotMatch(list.out, /argon2/);
  const again = operator(["add", "anna@shop.example"]);
  assert.deepEqual([again.status, again.err], [1, 'switchboard operator: there is an operator "anna@shop.example" already\n']);
  assert.equal(operator(["reset", "anna@shop.example"], "another password\n").status, 0);
  assert.equal(operator(["remove", "ANNA@shop.example"]).status, 0);
  const gone = operator(["remove", "anna@shop.example"]);
  assert.deepEqual([gone.status, gone.err], [1, 'switchboard operator: there is no operator "anna@shop.example"\n']);
  assert.doesNotMatch(operator(["list"]).out, /anna/);
  assert.equal(operator(["add", "anna@shop.example"]).status, 0);
});

test("what is wrong is told", (t) => {
  const { path, operator } = place(t);
  const cases = [
    [["add", "anna"], "short\n", 1, /the password is too short: at least 10 characters/],
    [["add", "anna"], "", 1, /the password is to be a line of standard input/],
    [["add", "anna"], `${"x".repeat(1100)}\n`, 1, /of at most 1024 bytes/],
    [["add", "anna", "--role", "boss"], undefined, 2, /--role takes operator, lead or admin/],
    [["add", "anna", "--bots", "shop,shoes"], undefined, 1, /there is no bot of the name "shoes"/],
    [["add", "anna", "--display", "a\tb"], undefined, 2, /--display takes a name/],
    [["add", "an na"], undefined, 2, /NAME must be/],
    [["add", "x".repeat(101)], undefined, 2, /NAME must be/],
    [["add"], undefined, 2, /say add NAME, list, reset NAME or remove NAME/],
    [["rename", "anna"], undefined, 2, /say add NAME/],
    [["reset", "nobody"], undefined, 1, /there is no operator "nobody"/],
  ];
  for (const [args, input, status, words] of cases) {
    const done = operator(args, input);
    assert.equal(done.status, status, `${args.join(" ")}: ${done.err}`);
    assert.match(done.err, words);
    assert.doesNotMatch(done.err, /correct horse/);
  }
  writeFileSync(join(path, "switchboard.yaml"), "bots: [");
  assert.equal(operator(["list"]).status, 1);
  assert.match(run(["operator", "--help"]).out, /Operators sign in at \/desk/);
});
