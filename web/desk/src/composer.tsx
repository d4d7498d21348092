import type { RefObject } from "preact";
import { Icon } from "./icons";
import { language } from "./format";
import type { Entry } from "./protocol";
import type { Shift } from "./shift";
import type { Talk } from "./talk";
import { texts } from "./texts";

const BYTES_MOST = 16 * 1024;

function Helps({ shift, entry, text, write }: { shift: Shift; entry: Entry; text: string; write: (text: string) => void }) {
  const { assist } = shift;
  if (assist.busy === "draft") return <button type="button" class="help" onClick={() => { assist.stop(); write(text); }}>{texts.helping}</button>;
  return (
    <>
      <button type="button" class="help" onClick={() => void assist.suggest(entry, text.trim(), write)}>{texts.suggest}</button>
      {assist.foreign(entry) && (
        <button type="button" class="help" disabled={!text.trim()} onClick={() => void assist.translateDraft(entry, text.trim(), write)}>
          {texts.translate_to(language(entry.language!))}
        </button>
      )}
    </>
  );
}

export function Composer({ shift, talk, box }: { shift: Shift; talk: Talk; box: RefObject<HTMLTextAreaElement> }) {
  // Who has not taken the conversation can leave notes.
  const note = shift.noting || !shift.mine;
  const text = shift.draft(talk.id, note);
  const long = new TextEncoder().encode(text).length > BYTES_MOST;
  const { entry } = talk;
  const empty = !text.trim();
  const change = (value: string) => {
    shift.setDraft(talk.id, note, value);
    if (value.trim()) shift.typed();
  };
  const send = () => {
    if (empty || long) return;
    shift.send(text.trim());
    shift.setDraft(talk.id, note, "");
    box.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") box.current?.blur();
    // Enter that ends the choice of a character (Japanese, Chinese) sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const choose = (noting: boolean) => {
    shift.note(noting);
    box.current?.focus();
  };
  return (
    <form class={`compose ${note ? "note" : ""}`} onSubmit={(event) => { event.preventDefault(); send(); }}>
      <div class="kinds" role="group" aria-label={texts.mode_group}>
        <button type="button" aria-pressed={!note} disabled={!shift.mine} onClick={() => choose(false)}>{texts.reply}</button>
        <button type="button" aria-pressed={note} onClick={() => choose(true)}>{texts.note}</button>
        {!note && entry && <Helps shift={shift} entry={entry} text={text} write={(fresh) => shift.setDraft(talk.id, false, fresh)} />}
        <span class="soft">{!shift.mine && shift.mayTake ? texts.take_first : ""}</span>
      </div>
      <div class="row">
        <textarea
          ref={box}
          rows={2}
          dir={text ? "auto" : undefined}
          value={text}
          placeholder={note ? texts.note_hint : texts.reply_hint}
          aria-label={note ? texts.note_hint : texts.reply_hint}
          aria-invalid={long}
          title={texts.enter_hint}
          enterkeyhint="send"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <button type="submit" class="button main" disabled={empty || long}>
          <Icon name={note ? "lock" : "send"} /> {note ? texts.add_note : texts.send}
        </button>
      </div>
      {long && <p class="problem" role="alert">{texts.too_long}</p>}
    </form>
  );
}
