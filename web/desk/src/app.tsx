import { useEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { CloseDialog, HelpDialog } from "./dialogs";
import { useDesk } from "./hooks";
import { Icon } from "./icons";
import { InboxView } from "./inbox_view";
import type { Shift } from "./shift";
import { listen, step } from "./shortcuts";
import { SignIn } from "./signin";
import { TalkView } from "./talk_view";
import { texts } from "./texts";

const NOTICE_MOST = 10_000; // ms

function Bar({ desk, shift, help }: { desk: Desk; shift: Shift; help: () => void }) {
  const { ring } = shift;
  const sound = ring.muted ? texts.sound_off : texts.sound_on;
  return (
    <header class="bar">
      <h1>{texts.product} <span>{texts.title}</span></h1>
      <span class={`link-state ${shift.connected ? "" : "broken"}`} title={shift.connected ? texts.connected : texts.reconnecting} />
      {ring.mayAsk && <button type="button" class="button small" onClick={() => void ring.ask().then(desk.changed)}>{texts.notify}</button>}
      <label class="check" title={texts.away_hint}>
        <input type="checkbox" role="switch" checked={shift.me.away} onChange={(event) => void shift.setAway(event.currentTarget.checked)} /> {texts.away}
      </label>
      <button type="button" class="quiet" aria-label={sound} title={sound} onClick={() => { ring.muted = !ring.muted; desk.changed(); }}>
        <Icon name={ring.muted ? "bell_off" : "bell"} />
      </button>
      <button type="button" class="quiet keys-button" aria-label={texts.shortcuts} title={texts.shortcuts} onClick={help}><Icon name="keys" /></button>
      <span class="who" title={texts.account(shift.me.display)}><bdi>{shift.me.display}</bdi></span>
      <button type="button" class="quiet" aria-label={texts.sign_out} title={texts.sign_out} onClick={() => void desk.signOut()}><Icon name="out" /></button>
    </header>
  );
}

function Notice({ desk }: { desk: Desk }) {
  const { notice } = desk;
  useEffect(() => {
    if (!notice || notice.offer) return;
    const timer = setTimeout(() => desk.notice === notice && desk.say(""), NOTICE_MOST);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class={notice ? "notice" : "hidden"} role="alert">
      {notice && (
        <>
          <span>{notice.words}</span>
          {notice.offer && <button type="button" class="link" onClick={() => { desk.say(""); notice.offer!.act(); }}>{notice.offer.label}</button>}
          <button type="button" class="quiet" aria-label={texts.dismiss} onClick={() => desk.say("")}><Icon name="close" /></button>
        </>
      )}
    </div>
  );
}

function Work({ desk, shift }: { desk: Desk; shift: Shift }) {
  const [dialog, setDialog] = useState<"" | "help" | "close">("");
  const [details, setDetails] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const { talk } = shift;
  useEffect(() => setDetails(false), [talk?.id]);
  useEffect(() => {
    const write = (note: boolean) => {
      if (!shift.talk) return;
      if (!note && !shift.mine) return desk.say(texts.take_first);
      shift.note(note);
      box.current?.focus();
    };
    const keys = {
      j: () => step(1),
      k: () => step(-1),
      t: () => void shift.take(),
      r: () => write(false),
      n: () => write(true),
      b: () => void shift.give("bot"),
      c: () => shift.mayClose && setDialog("close"),
      "?": () => setDialog("help"),
    };
    return listen(keys, () => shift.shortcuts);
  }, [shift]);
  const view = talk || shift.closedTalk ? (details ? "with-details" : "with-talk") : "with-list";
  return (
    <div class={`desk ${view}`}>
      <Bar desk={desk} shift={shift} help={() => setDialog("help")} />
      {!shift.connected && <p class="banner lost">{texts.reconnecting}</p>}
      <Notice desk={desk} />
      <main class="panes">
        <InboxView shift={shift} />
        {talk ? (
          <TalkView shift={shift} talk={talk} box={box} panes={{ details, setDetails, askClose: () => setDialog("close") }} />
        ) : (
          <section class="talk none" aria-label={texts.conversation}>
            {shift.closedTalk && <button type="button" class="quiet back" aria-label={texts.back} onClick={() => shift.leave()}><Icon name="back" /></button>}
            <p class="empty">{shift.closedTalk || texts.choose}</p>
          </section>
        )}
      </main>
      {dialog === "help" && <HelpDialog shift={shift} done={() => setDialog("")} />}
      {dialog === "close" && <CloseDialog shift={shift} done={() => setDialog("")} />}
    </div>
  );
}

export function App({ desk }: { desk: Desk }) {
  useDesk(desk);
  const waiting = desk.shift?.inbox.counts.waiting ?? 0;
  const title = `${texts.title} – ${texts.product}`;
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  }, [waiting]);
  return (
    <>
      {desk.state === "starting" && <main class="signin"><h1 class="hidden">{title}</h1><p class="empty">{texts.loading}</p></main>}
      {desk.state === "out" && <SignIn desk={desk} />}
      {desk.shift && <Work desk={desk} shift={desk.shift} key={desk.shift.me.id} />}
      <div class="hidden" role="status" aria-live="polite">{desk.spoken}</div>
    </>
  );
}
