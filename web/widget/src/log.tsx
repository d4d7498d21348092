import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useEarlier } from "./earlier";
import { Icon } from "./icons";
import { Reach } from "./lead";
import { MarkdownWriter } from "./markdown";
import { Pictures } from "./pictures";
import type { Card } from "./protocol";
import { isHuman } from "./standing";
import type { Store } from "./store";
import type { Shown } from "./talk";

const NEAR = 60; // px from the end: there the reader follows the stream

// What was said so far, and what comes, written down as it comes.
function Text({ store, message }: { store: Store; message: Shown }) {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const writer = new MarkdownWriter(root.current!, store.boot?.image_hosts ?? []);
    writer.write(message.content);
    if (!message.streaming) {
      writer.end();
      return () => root.current?.replaceChildren();
    }
    const done = store.writes(message.id, (text) => writer.write(text));
    return () => {
      done();
      root.current?.replaceChildren();
    };
    // The whole that comes at the end is written once more: it is what counts.
  }, [message.id, message.version, message.streaming, message.streaming ? "" : message.content]);
  return <div class="text" dir="auto" ref={root} />;
}

function Feedback({ store, message }: { store: Store; message: Shown }) {
  const [asks, setAsks] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const think = (rating: number) => {
    const same = message.rating === rating;
    setAsks(rating < 0 && !same);
    void store.feedback(message, same ? 0 : rating);
  };
  return (
    <>
      <button type="button" class="icon" aria-label={store.text("good")} aria-pressed={message.rating === 1} onClick={() => think(1)}>
        <Icon name="good" />
      </button>
      <button type="button" class="icon" aria-label={store.text("bad")} aria-pressed={message.rating === -1} onClick={() => think(-1)}>
        <Icon name="bad" />
      </button>
      {asks && (
        <form class="buttons" onSubmit={(event) => { event.preventDefault(); setAsks(false); void store.feedback(message, -1, box.current!.value); }}>
          <textarea ref={box} rows={2} maxLength={2000} placeholder={store.text("comment")} aria-label={store.text("comment")} />
          <button type="submit" class="button">{store.text("submit")}</button>
        </form>
      )}
    </>
  );
}

function Under({ store, message, last }: { store: Store; message: Shown; last: boolean }) {
  if (message.streaming) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(message.content);
    store.say(store.text("copied"));
  };
  const broken = message.status === "partial" || message.status === "failed" || message.problem;
  return (
    <div class="under">
      {message.content && (
        <>
          <button type="button" class="icon" aria-label={store.text("copy")} onClick={() => void copy().catch(() => {})}>
            <Icon name="copy" />
          </button>
          {message.role !== "operator" && <Feedback store={store} message={message} />}
        </>
      )}
      {broken && <span class="problem">{message.problem ?? store.text(message.content ? "cut" : "failed")}</span>}
      {last && (broken || message.content) && (
        <button type="button" class={broken ? "link" : "icon"} aria-label={store.text("retry")} onClick={() => void store.retry()}>
          {broken ? store.text("retry") : <Icon name="retry" />}
        </button>
      )}
      {message.offline && <span>{store.text("automatic")}</span>}
    </div>
  );
}

function Working({ store }: { store: Store }) {
  const running = store.talk.tools.filter(({ state }) => state === "running");
  return (
    <>
      {running.map((tool) => (
        <div class="tool" key={tool.id}>
          <i /> {tool.text || store.text("working")}
        </div>
      ))}
      {running.length === 0 && (
        <div class="dots" role="img" aria-label={store.text("typing")}>
          <i /> <i /> <i />
        </div>
      )}
    </>
  );
}

// One press says it.
function Replies({ store, texts }: { store: Store; texts: string[] }) {
  return (
    <div class="suggestions">
      {texts.map((text) => (
        <button type="button" class="button" key={text} dir="auto" onClick={() => void store.send(text)}>{text}</button>
      ))}
    </div>
  );
}

function Answer({ store, message, last }: { store: Store; message: Shown; last: boolean }) {
  const busy = message.streaming && message.turn === store.talk.turn;
  const person = message.role === "operator";
  return (
    <div class="message">
      {person ? <b class="author"><bdi>{message.author ?? store.text("operator")}</bdi></b> : <span class="hidden">{store.text("assistant")}:</span>}
      {(message.content || busy) && (
        <div class="bubble">
          <Text store={store} message={message} key={message.version} />
          {busy && (message.content === "" || store.talk.tools.some(({ state }) => state === "running")) && <Working store={store} />}
        </div>
      )}
      <Under store={store} message={message} last={last} />
      {last && message.replies && <Replies store={store} texts={message.replies} />}
    </div>
  );
}

function Own({ store, message }: { store: Store; message: Shown }) {
  return (
    <div class={`message user ${message.sending ? "waiting" : ""}`}>
      <span class="hidden">{store.text("you")}:</span>
      {message.attachments && <Pictures store={store} attachments={message.attachments} />}
      {message.content && <div class="bubble"><div dir="auto">{message.content}</div></div>}
      {message.sending === "queued" && (
        <div class="under">
          <span>{store.text("queued")}</span>
          <button type="button" class="link" onClick={() => store.takeBack(message)}>{store.text("take_back")}</button>
        </div>
      )}
      {message.sending === "failed" && (
        <div class="under">
          <span class="problem">{store.text("not_sent")} {message.problem}</span>
          <button type="button" class="link" onClick={() => void store.sendAgain(message)}>{store.text("retry")}</button>
          <button type="button" class="link" onClick={() => store.takeBack(message)}>{store.text("take_back")}</button>
        </div>
      )}
    </div>
  );
}

function Question({ store, card }: { store: Store; card: Card }) {
  const [sent, setSent] = useState(false);
  const late = card.state === "expired" || (card.state === "waiting" && card.expires_at * 1000 < Date.now());
  const answer = (what: "yes" | "no") => {
    setSent(true);
    void store.confirm(card, what).then(() => setSent(false));
  };
  const time = new Intl.DateTimeFormat(store.boot?.language, { timeStyle: "short" }).format(new Date(card.expires_at * 1000));
  return (
    <section class="card" aria-label={card.title}>
      <h3 dir="auto">{card.title}</h3>
      <dl>
        {card.fields.map((field) => (
          <>
            <dt>{field.name}</dt>
            <dd dir="auto">{field.value}</dd>
          </>
        ))}
      </dl>
      {late ? (
        <p>{store.text("confirm_expired")}</p>
      ) : card.state === "waiting" ? (
        <>
          <div class="buttons">
            <button type="button" class="button main" disabled={sent || store.talk.turn !== null} onClick={() => answer("yes")}>{store.text("yes")}</button>
            <button type="button" class="button" disabled={sent || store.talk.turn !== null} onClick={() => answer("no")}>{store.text("no")}</button>
          </div>
          <p>{store.text("expires", { time })}</p>
        </>
      ) : (
        <p>{store.text(card.state === "yes" ? "confirm_yes" : "confirm_no")}</p>
      )}
    </section>
  );
}

function Rating({ store }: { store: Store }) {
  const [given, setGiven] = useState(0);
  return (
    <div class="rating" role="group" aria-label={store.text("rate")}>
      <div>{store.text("rate")}</div>
      {[1, 2, 3, 4, 5].map((stars) => (
        <button type="button" key={stars} class="icon" aria-pressed={given >= stars} aria-label={store.text("stars", { count: stars })} onClick={() => { setGiven(stars); void store.rate(stars); }}>
          <svg viewBox="0 0 24 24" aria-hidden="true" style={{ fill: given >= stars ? "currentColor" : "none" }}>
            <path d="m12 3 2.8 5.7 6.2.9-4.5 4.4 1 6.2-5.5-2.9-5.5 2.9 1-6.2L3 9.6l6.2-.9z" />
          </svg>
        </button>
      ))}
    </div>
  );
}

function Beginning({ store }: { store: Store }) {
  const { talk, standing } = store;
  const { welcome, suggestions } = store.greeting;
  return (
    <>
      {welcome && (
        <div class="message">
          <div class="bubble">
            <Text store={store} message={{ id: "welcome", role: "assistant", content: welcome }} />
          </div>
        </div>
      )}
      {talk.messages.length === 0 && !isHuman(standing) && <Replies store={store} texts={suggestions} />}
    </>
  );
}

export function Log({ store }: { store: Store }) {
  const root = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [more, setMore] = useState(false);
  const { talk } = store;
  const earlier = useEarlier(root, talk);
  const toEnd = () => {
    const log = root.current!;
    log.scrollTop = log.scrollHeight;
    follows.current = true;
    setMore(false);
  };
  const onScroll = () => {
    const log = root.current!;
    follows.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (follows.current) setMore(false);
    earlier.onScroll();
  };
  // With the stream, but not against the reader.
  useEffect(() => {
    const log = root.current!;
    const observer = new MutationObserver(() => {
      const older = earlier.grew();
      if (follows.current) log.scrollTop = log.scrollHeight;
      else if (!older) setMore(true);
    });
    observer.observe(log, { childList: true, subtree: true, characterData: true });
    const resized = new ResizeObserver(() => follows.current && (log.scrollTop = log.scrollHeight));
    resized.observe(log);
    toEnd();
    return () => {
      observer.disconnect();
      resized.disconnect();
    };
  }, [talk.id === null ? "new" : "old"]);
  // Who says something wants to see what comes of it.
  const own = talk.messages.filter(({ role }) => role === "user").length;
  useLayoutEffect(toEnd, [own]);
  const lastAnswer = talk.messages[talk.messages.length - 1];
  const person = isHuman(store.standing);
  const answered = talk.turn === null && own >= 3 && !person && !talk.cards.some(({ state }) => state === "waiting");
  const drawn = talk.messages.slice(earlier.first);
  const messages = drawn.map((message) =>
    message.role === "user" ? (
      <Own store={store} message={message} key={message.key ?? message.id} />
    ) : (
      <Answer store={store} message={message} key={message.id} last={message === lastAnswer && talk.turn === null && !person && message.role === "assistant"} />
    ),
  );
  // In the same list wherever it stands: what was filled in stays.
  const { leadTurn } = store;
  const under = drawn.findIndex(({ role, turn }) => role !== "user" && turn === leadTurn);
  if (leadTurn) messages.splice(under < 0 ? messages.length : under + 1, 0, <Reach store={store} turn={leadTurn} key="reach" />);
  return (
    <div class="middle">
      <div class="log" role="log" aria-live="off" tabIndex={0} aria-labelledby="title" ref={root} onScroll={onScroll}>
        {earlier.first > 0 ? (
          <button type="button" class="button earlier" onClick={earlier.reveal}>{store.text("earlier")}</button>
        ) : (
          <Beginning store={store} />
        )}
        {messages}
        {talk.cards.map((card) => (
          <Question store={store} card={card} key={card.id} />
        ))}
        {answered && <Rating store={store} />}
      </div>
      {more && <button type="button" class="pill" onClick={toEnd}>{store.text("new_messages")}</button>}
    </div>
  );
}
