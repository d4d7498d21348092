import { render } from "preact";
import { App } from "./app";
import { Desk } from "./desk";

const desk = new Desk();
render(<App desk={desk} />, document.getElementById("desk")!);
window.addEventListener("popstate", () => desk.follow());
void desk.start();
