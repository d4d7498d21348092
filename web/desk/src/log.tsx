import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { MarkdownWriter } from "../../widget/src/markdown";
import { day, sameDay, time, whole } from "./format";
import { botTitle } from "./inbox_view";
import type { Pending } from "./outbox";
import type { Message } from "./protocol";
import type { Shift } from "./shift";
import type { Shown, Talk } from "./talk";
import { texts } from "./texts";

const NEAR = 60; // px from the end: there the reader follows what comes

// What was said so far, and what comes, written down as it comes. Images are links: the desk loads nothing from elsewhere.
function Words({ talk, message }: { talk?: Talk; message: Pick<Shown, "id" | "content" | "streaming" | "version"> }) {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const writer = new MarkdownWriter(root.current!, []);
    writer.write(message.content);
    const done = message.streaming ? talk?.writes(message.id, (text) => writer.write(text)) : writer.end();
    return () => {
      done?.();
      root.current?.replaceChildren();
    };
    // The whole that comes at the end is written once more: it is what counts.
  }, [message.id, message.version, message.streaming, message.streaming ? "" : message.content]);
  return <div class="text" dir="auto" ref={root} />;
}

// Only what the server itself keeps.
const isOwn = (url: string) => /^\/[^/\\]/.test(url);

function Attachments({ message }: { message: Message }) {
  const all = (message.attachments ?? []).filter(({ url }) => isOwn(url));
  if (!all.length) return null;
  return (
    <div class="pictures">
      {all.map(({ id, name, url, width, height }) => (
        <a href={url} key={id} target="_blank" rel="noopener noreferrer">
          <img src={url} alt={name} width={width || undefined} height={height || undefined} loading="lazy" />
        </a>
      ))}
    </div>
  );
}

function Author({ shift, message }: { shift: Shift; message: Message }) {
  if (message.role === "user") return <b>{texts.speaker.user}</b>;
  if (message.role === "assistant") return <b><bdi>{botTitle(shift, shift.talk!.entry?.bot ?? "")}</bdi></b>;
  return (
    <>
      <b><bdi>{message.author ?? texts.speaker.operator}</bdi></b>
      {message.role === "note" && <span class="tag note">{texts.note}</span>}
    </>
  );
}

// What the visitor says, and what the bot and others say to them, in the operator's language.
function Translation({ shift, talk, message }: { shift: Shift; talk: Talk; message: Shown }) {
  const { assist } = shift;
  const text = assist.translations.get(message.id);
  if (!talk.entry || !assist.foreign(talk.entry) || message.role === "note") return null;
  if (text !== undefined) return <p class="translation" dir="auto"><span class="hidden">{texts.translation}: </span>{text}</p>;
  return <button type="button" class="link translate" disabled={assist.busy === message.id} onClick={() => void assist.translate(talk.entry!, message.id, message.content)}>{texts.translate}</button>;
}

function Said({ shift, talk, message }: { shift: Shift; talk: Talk; message: Shown }) {
  const writing = message.streaming && talk.turn !== null && message.turn === talk.turn;
  const broken = !writing && (message.status === "partial" || message.status === "failed");
  return (
    <article class={`said ${message.role}`}>
      <header>
        <Author shift={shift} message={message} />
        {message.created_at !== undefined && <time title={whole(message.created_at)}>{time(message.created_at)}</time>}
      </header>
      <Attachments message={message} />
      {(message.content || writing) && (
        <div class="bubble">
          {message.role === "user" ? <div class="plain" dir="auto">{message.content}</div> : <Words talk={talk} message={message} key={message.version} />}
          {writing && talk.running.map((tool) => <p class="tool" key={tool.id}><bdi>{tool.text}</bdi></p>)}
          {writing && message.content === "" && <span class="dots" role="img" aria-label={texts.bot_types}><i /><i /><i /></span>}
        </div>
      )}
      {!writing && message.content && <Translation shift={shift} talk={talk} message={message} />}
      {(message.problem || broken) && <p class="problem">{message.problem ?? (message.content ? texts.cut : texts.failed)}</p>}
    </article>
  );
}

function Unsent({ shift, item }: { shift: Shift; item: Pending }) {
  const takeBack = () => {
    shift.outbox.remove(item);
    shift.noting = item.note;
    const draft = shift.draft(item.conversation, item.note);
    shift.setDraft(item.conversation, item.note, draft ? `${item.text}\n${draft}` : item.text);
  };
  return (
    <article class={`said unsent ${item.note ? "note" : "operator"}`}>
      <header><b><bdi>{shift.me.display}</bdi></b>{item.note && <span class="tag note">{texts.note}</span>}</header>
      <div class="bubble"><Words message={{ id: item.key, content: item.text }} /></div>
      {item.problem !== undefined ? (
        <p class="problem">
          {item.problem}{" "}
          <button type="button" class="link" onClick={() => shift.outbox.again(item)}>{texts.retry}</button>{" "}
          <button type="button" class="link" onClick={takeBack}>{texts.edit}</button>
        </p>
      ) : (
        <p class="soft">{item.late ? texts.late : texts.sending}</p>
      )}
    </article>
  );
}

// At the end while the reader is there; else it says that something came.
function useFollowing(talk: Talk) {
  const root = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [more, setMore] = useState(false);
  const toEnd = () => {
    root.current!.scrollTop = root.current!.scrollHeight;
    follows.current = true;
    setMore(false);
  };
  const onScroll = () => {
    const log = root.current!;
    follows.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (follows.current) setMore(false);
  };
  useEffect(() => {
    const log = root.current!;
    const follow = () => follows.current && (log.scrollTop = log.scrollHeight);
    const observer = new MutationObserver(() => {
      if (!follow()) setMore(true);
    });
    observer.observe(log, { childList: true, subtree: true, characterData: true });
    const resized = new ResizeObserver(follow);
    resized.observe(log);
    // A picture that comes makes it longer.
    log.addEventListener("load", follow, true);
    toEnd();
    return () => {
      observer.disconnect();
      resized.disconnect();
      log.removeEventListener("load", follow, true);
    };
  }, [talk]);
  return { root, more, toEnd, onScroll };
}

export function Log({ shift, talk }: { shift: Shift; talk: Talk }) {
  const { root, more, toEnd, onScroll } = useFollowing(talk);
  const unsent = shift.outbox.of(talk.id);
  // Who says something wants to see what comes of it.
  useLayoutEffect(toEnd, [unsent.length]);
  let before = 0;
  return (
    <div class="middle">
      <div class="log" role="log" aria-live="off" tabIndex={0} aria-label={texts.messages} ref={root} onScroll={onScroll}>
        {!talk.loaded && <p class="empty">{texts.loading}</p>}
        {talk.messages.map((message) => {
          const at = message.created_at ?? 0;
          const begins = at > 0 && !sameDay(at, before);
          if (at > 0) before = at;
          return (
            <Fragment key={message.id}>
              {begins && <p class="day"><span>{day(at)}</span></p>}
              <Said shift={shift} talk={talk} message={message} />
            </Fragment>
          );
        })}
        {talk.cards.map((card) => (
          <p class="asked" key={card.id}>{texts.asked} <bdi>{card.title}</bdi> ({texts.card[card.state]})</p>
        ))}
        {unsent.map((item) => <Unsent shift={shift} item={item} key={item.key} />)}
        {talk.visitorTypes && <p class="types">{texts.visitor_types}</p>}
      </div>
      {more && <button type="button" class="pill" onClick={toEnd}>{texts.new_messages}</button>}
    </div>
  );
}
