// <script src="https://chat.example.com/widget.js" data-bot="support" async></script>
import { mount, type Widget } from "./mount";

declare global {
  interface Window {
    Switchboard?: Widget;
  }
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.Switchboard) {
  const { bot = "", theme } = script.dataset;
  window.Switchboard = mount({ base: new URL(script.src).origin, bot, theme });
}
