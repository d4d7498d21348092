import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { Composer } from "./composer";
import { isTaken } from "./entry";
import { Icon } from "./icons";
import { Log } from "./log";
import { Menu } from "./menu";
import type { Shift } from "./shift";
import { Side } from "./side";
import type { Talk } from "./talk";
import { texts } from "./texts";

function HandOver({ shift }: { shift: Shift }) {
  const others = shift.operators.filter(({ id }) => id !== shift.me.id && id !== shift.talk?.entry?.operator?.id);
  return (
    <Menu label={texts.hand_over} disabled={shift.acting !== ""}>
      <button type="button" onClick={() => void shift.give("waiting")}>{texts.to_queue}</button>
      <p class="soft">{texts.to_operator}</p>
      {others.length === 0 && <p>{texts.nobody_else}</p>}
      {others.map(({ id, display, present, away, chats }) => (
        <button type="button" key={id} onClick={() => void shift.give(id)}>
          <i class={`presence ${present && !away ? "here" : ""}`} /> <bdi>{display}</bdi>{" "}
          <small>{away ? texts.is_away : present ? texts.present : texts.not_present}, {texts.chats(chats)}</small>
        </button>
      ))}
    </Menu>
  );
}

export interface TalkPanes {
  details: boolean; // shown where there is no room for both
  setDetails: (shown: boolean) => void;
  askClose: () => void;
}

function Actions({ shift, panes }: { shift: Shift; panes: TalkPanes }) {
  const busy = shift.acting !== "";
  const taken = shift.talk?.entry && isTaken(shift.talk.entry, shift.me);
  return (
    <div class="actions">
      {shift.mayTake && <button type="button" class="button main" disabled={busy} onClick={() => void shift.take()}>{taken ? texts.take_over : texts.take}</button>}
      {shift.mayGive && (
        <>
          <button type="button" class="button" disabled={busy} onClick={() => void shift.give("bot")}>{texts.to_bot}</button>
          <HandOver shift={shift} />
        </>
      )}
      {shift.mayClose && <button type="button" class="button" disabled={busy} onClick={panes.askClose}>{texts.close_it}</button>}
    </div>
  );
}

export function TalkView({ shift, talk, box, panes }: { shift: Shift; talk: Talk; box: RefObject<HTMLTextAreaElement>; panes: TalkPanes }) {
  const { entry } = talk;
  // Who has just taken it wants to write.
  useEffect(() => {
    if (shift.mine && document.activeElement === document.body) box.current?.focus();
  }, [shift.mine]);
  return (
    <>
      <section class="talk" aria-labelledby="talk-title">
        <header>
          <button type="button" class="quiet back" aria-label={texts.back} onClick={() => shift.leave()}><Icon name="back" /></button>
          <h2 id="talk-title" dir="auto">{entry ? entry.title || texts.no_title : texts.loading}</h2>
          <button type="button" class="quiet more-details" aria-expanded={panes.details} aria-label={texts.details} onClick={() => panes.setDetails(!panes.details)}>
            <Icon name="info" />
          </button>
          <Actions shift={shift} panes={panes} />
        </header>
        {entry && !entry.reachable && <p class="banner">{texts.through_program}</p>}
        <Log shift={shift} talk={talk} key={talk.id} />
        <Composer shift={shift} talk={talk} box={box} key={`compose-${talk.id}`} />
      </section>
      <Side shift={shift} talk={talk} />
    </>
  );
}
