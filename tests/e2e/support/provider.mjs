// Starts fake_provider.mjs as a process of its own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { once } from "node:events";

export async function startProvider(t) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("fake_provider.mjs", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t?.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });
  const [line] = await once(child.stdout, "data");
  const url = String(line).trim();
  const get = async (path) => (await fetch(url + path)).json();
  return {
    url,
    pid: child.pid,
    kill: () => child.kill("SIGKILL"),
    requests: () => get("/requests"),
    open: () => get("/open"),
    keyFetches: () => get("/fetches"),
    setKeys: (keys) => fetch(`${url}/jwks`, { method: "PUT", body: JSON.stringify(keys) }),
  };
}

// A bot on that provider whose script is the visitor's message.
export function oneBot(provider, bot = {}, settings = {}) {
  return {
    providers: { up: { api: "openai", url: `${provider.url}/v1`, key: "sk-upstream-secret", ...settings } },
    bots: { support: { models: ["up/m"], system: "Be brief. SECRET-PROMPT", access: { anonymous: true }, retries: 0, ...bot } },
  };
}
