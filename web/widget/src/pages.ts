// What is said first depends on the page: its owner gives patterns, the first that matches counts.
import type { Boot } from "./protocol";

export interface Greeting {
  welcome: string;
  suggestions: string[];
}

// `*` stands for any text. Not a regular expression: those can take for ever.
function fits(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts.shift()!;
  const last = parts.pop();
  if (last === undefined) return first === text;
  const end = text.length - last.length;
  let at = first.length;
  if (end < at || !text.startsWith(first) || !text.endsWith(last)) return false;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

// Owners write /größen/*, browsers say /gr%C3%B6%C3%9Fen/.
function readable(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

export function greetingOf(boot: Boot, { origin, pathname }: Location): Greeting {
  const page = boot.pages?.find(({ match }) => {
    const before = /^https?:/.test(match) ? origin : "";
    return fits(match, before + pathname) || fits(match, before + readable(pathname));
  });
  return { welcome: page?.welcome ?? boot.welcome, suggestions: page?.suggestions ?? boot.suggestions };
}

// Calls when the page may have become another without being loaded anew, as far as the browser tells.
export function onNavigation(then: () => void): void {
  window.addEventListener("popstate", then);
  const { navigation } = window as { navigation?: EventTarget };
  navigation?.addEventListener("currententrychange", then);
}
