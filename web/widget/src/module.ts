// import { start } from "https://chat.example.com/widget.mjs"
import { mount, type Widget } from "./mount";

let widget: Widget | undefined;

// Shows the bubble; once for a page.
export function start({ bot = "", theme }: { bot?: string; theme?: string } = {}): Widget {
  return (widget ??= mount({ base: new URL(import.meta.url).origin, bot, theme }));
}
export const open = (): void => start().open();
export const close = (): void => start().close();
export const send = (text: string): void => start().send(text);
export const identify: Widget["identify"] = (identity) => start().identify(identity);
export const on: Widget["on"] = (event, handler) => start().on(event, handler);
