import { render } from "preact";
import { App } from "./app";
import type { Identity } from "./client";
import { Store } from "./store";
import css from "./widget.css?inline";

export interface Options {
  base: string; // where the server is
  bot: string;
  theme?: string; // "light", "dark"; else as the visitor's system has it
}

export interface Widget {
  open(): void;
  close(): void;
  send(text: string): void;
  identify(identity: Identity): Promise<void>;
  // "open", "close", "message"; returns how to stop listening
  on(event: string, handler: (detail: unknown) => void): () => void;
}

// Black or white, whatever can be read on it.
function onColor(color: string): string {
  const hex = color.length === 4 ? color.replace(/[^#]/g, "$&$&") : color;
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.36 ? "#15181e" : "#fff";
}

function paint(host: HTMLElement, theme: string | undefined): void {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    // The page may say so later: <div id="switchboard" data-theme-wanted="dark">.
    const wanted = host.dataset.themeWanted ?? theme;
    host.dataset.theme = wanted === "dark" || (wanted !== "light" && dark.matches) ? "dark" : "light";
  };
  set();
  dark.addEventListener("change", set);
  new MutationObserver(set).observe(host, { attributeFilter: ["data-theme-wanted"] });
}

function whenBody(then: () => void): void {
  if (document.body) then();
  else document.addEventListener("DOMContentLoaded", then, { once: true });
}

export function mount({ base, bot, theme }: Options): Widget {
  const store = new Store(base, bot);
  const host = document.createElement("div");
  host.id = "switchboard";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  paint(host, theme);
  store.subscribe(() => {
    const color = store.boot?.look.color;
    if (!color || host.style.getPropertyValue("--accent") === color) return;
    host.style.setProperty("--accent", `var(--sb-color, ${color})`);
    host.style.setProperty("--on-accent", `var(--sb-on-color, ${onColor(color)})`);
  });
  whenBody(() => {
    document.body.append(host);
    render(<App store={store} />, root);
    // A page that is loaded anew has the chat as it was.
    if (store.wasOpen()) void store.show();
    else if (store.standings.awaited) void store.start();
  });
  return {
    open: () => void store.show(),
    close: () => store.hide(),
    send: (text) => void store.show().then(() => store.send(text)),
    identify: (identity) => store.identify(identity),
    on: (event, handler) => store.on(event, handler),
  };
}
