import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Composer } from "./composer";
import { Icon } from "./icons";
import { LeadForm } from "./lead";
import { List } from "./list";
import { Log } from "./log";
import { Person } from "./person";
import { download, eraseAll } from "./personal";
import type { Store } from "./store";

export function useStore(store: Store): void {
  const [, render] = useState(0);
  useLayoutEffect(() => {
    let pending = false;
    // What one waking of the page brings is drawn once.
    return store.subscribe(() => {
      if (pending) return;
      pending = true;
      queueMicrotask(() => {
        pending = false;
        render((count) => count + 1);
      });
    });
  }, [store]);
}

function Menu({ store }: { store: Store }) {
  const [open, setOpen] = useState(false);
  const [sure, setSure] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    setSure(false);
  };
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!event.composedPath().includes(root.current!)) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
    root.current!.querySelector("button")!.focus();
  };
  return (
    <div class="menu" ref={root} onKeyDown={onKey}>
      <button type="button" class="icon" aria-label={store.text("menu")} aria-expanded={open} onClick={() => (open ? close() : setOpen(true))}>
        <Icon name="more" />
      </button>
      {open && (
        <ul>
          <li><button type="button" onClick={() => { close(); store.choose(null); }}>{store.text("new_conversation")}</button></li>
          {store.boot?.sound && (
            <li>
              <button type="button" onClick={() => { close(); store.sound.muted = !store.sound.muted; }}>{store.text(store.sound.muted ? "sound_on" : "sound_off")}</button>
            </li>
          )}
          <li><button type="button" onClick={() => { close(); void download(store); }}>{store.text("export")}</button></li>
          {sure ? (
            <li>
              <button type="button" class="problem" onClick={() => { close(); void eraseAll(store); }}>{store.text("erase_sure")}</button>
            </li>
          ) : (
            <li><button type="button" onClick={() => setSure(true)}>{store.text("erase")}</button></li>
          )}
        </ul>
      )}
    </div>
  );
}

function Header({ store }: { store: Store }) {
  const list = store.view === "list";
  return (
    <header>
      {list ? (
        <button type="button" class="icon" aria-label={store.text("back")} onClick={() => { store.view = "talk"; store.changed(); }}>
          <Icon name="back" flip />
        </button>
      ) : (
        <button type="button" class="icon" aria-label={store.text("title_list")} onClick={() => void store.showList()}>
          <Icon name="list" />
        </button>
      )}
      <h2 id="title">{list ? store.text("title_list") : (store.boot?.look.title ?? "")}</h2>
      <Menu store={store} />
      <button type="button" class="icon" aria-label={store.text("close")} onClick={() => store.hide()}>
        <Icon name="close" />
      </button>
    </header>
  );
}

function Banner({ store }: { store: Store }) {
  if (store.failure)
    return (
      <div class="banner bad">
        {store.failure} <button type="button" class="link" onClick={() => void store.start()}>{store.text("retry")}</button>
      </div>
    );
  if (store.boot && store.everConnected && !store.connected) return <div class="banner">{store.text("offline")}</div>;
  if (store.boot && store.blocked) return <div class="banner">{store.text("no_storage")}</div>;
  return null;
}

// The keyboard of a phone must not lie over the box: the panel is as high as what can be seen.
function useVisibleHeight(root: { current: HTMLElement | null }): void {
  useEffect(() => {
    const view = window.visualViewport;
    if (!view) return;
    const fit = () => {
      root.current?.style.setProperty("--sb-height", `${Math.round(view.height)}px`);
      if (root.current && window.innerWidth <= 480) root.current.style.transform = `translateY(${Math.round(view.offsetTop)}px)`;
    };
    fit();
    view.addEventListener("resize", fit);
    view.addEventListener("scroll", fit);
    return () => {
      view.removeEventListener("resize", fit);
      view.removeEventListener("scroll", fit);
    };
  }, []);
}

function Panel({ store }: { store: Store }) {
  const root = useRef<HTMLDivElement>(null);
  // Asked before the chat, not in the middle of one.
  const lead = store.boot?.lead?.ask === "offline" ? null : store.boot?.lead;
  const asks = store.view === "talk" && store.talk.messages.length === 0 && store.talk.id === null ? lead : null;
  useVisibleHeight(root);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      store.hide();
    }
    // On a phone the panel is all there is: the focus stays in it.
    if (event.key !== "Tab" || window.innerWidth > 480) return;
    const all = [...root.current!.querySelectorAll<HTMLElement>("button:not(:disabled), textarea, a[href], [tabindex='0']")];
    const active = (root.current!.getRootNode() as ShadowRoot).activeElement;
    const [first, last] = [all[0], all[all.length - 1]];
    if (active === (event.shiftKey ? first : last)) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  };
  return (
    <div class="panel" role="dialog" aria-labelledby="title" ref={root} onKeyDown={onKey}>
      <Header store={store} />
      <Banner store={store} />
      {asks ? <LeadForm store={store} lead={asks} /> : store.view === "list" ? <List store={store} /> : <Log store={store} />}
      {store.notice && <div class="notice" aria-hidden="true">{store.notice}</div>}
      {store.view === "talk" && !asks && <Person store={store} />}
      {store.view === "talk" && !asks && <Composer store={store} />}
    </div>
  );
}

export function App({ store }: { store: Store }) {
  useStore(store);
  const launcher = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !store.open) launcher.current?.focus();
    was.current = store.open;
  }, [store.open]);
  // Shown for a while; read out once, by the region below.
  useEffect(() => {
    if (!store.notice) return;
    const timer = setTimeout(() => store.say(""), 6000);
    return () => clearTimeout(timer);
  }, [store.notice]);
  const look = store.boot?.look;
  const language = store.boot?.language ?? "en";
  const label = store.open ? store.text("close") : store.text("open");
  return (
    <div class={`${look?.position === "left" ? "left" : "right"} ${store.open ? "opened" : ""}`} dir={store.boot?.direction ?? "ltr"} lang={language}>
      {store.open && <Panel store={store} />}
      <button type="button" class="launcher" ref={launcher} aria-expanded={store.open} aria-label={store.unread.count && !store.open ? `${label}, ${store.text("unread", { count: store.unread.count })}` : label} onClick={() => (store.open ? store.hide() : void store.show())}>
        <Icon name={store.open ? "down" : "chat"} />
        {store.unread.count > 0 && !store.open && <span class="badge" aria-hidden="true">{store.unread.count > 9 ? "9+" : store.unread.count}</span>}
      </button>
      <div class="hidden" role="status" aria-live="polite">{store.notice || store.spoken}</div>
    </div>
  );
}
