import { brief, language, span } from "./format";
import { useNow } from "./hooks";
import { isMine, isTaken } from "./entry";
import type { Box, Entry } from "./protocol";
import type { Shift } from "./shift";
import { texts } from "./texts";

const BOXES: Box[] = ["waiting", "mine", "all", "closed"];

function Boxes({ shift }: { shift: Shift }) {
  const { inbox } = shift;
  return (
    <nav class="boxes" aria-label={texts.boxes}>
      {BOXES.map((box) => {
        const count = box === "waiting" ? inbox.counts.waiting : box === "mine" ? inbox.counts.mine : 0;
        return (
          <button type="button" key={box} aria-current={inbox.box === box ? "page" : undefined} onClick={() => inbox.choose(box)}>
            {texts.box[box]}
            {count > 0 && <span class={`count ${box}`}>{count}</span>}
            {box === "mine" && inbox.unreadMine && <i class="dot" role="img" aria-label={texts.unread} />}
          </button>
        );
      })}
    </nav>
  );
}

function Filter({ shift }: { shift: Shift }) {
  const { inbox, me } = shift;
  if (me.bots.length < 2) return null;
  return (
    <div class="filter">
      <select aria-label={texts.bot_filter} value={inbox.bot} onChange={(event) => inbox.filter(event.currentTarget.value)}>
        <option value="">{texts.all_bots}</option>
        {me.bots.map(({ name, title }) => <option value={name} key={name}>{title || name}</option>)}
      </select>
    </div>
  );
}

function Standing({ entry, shift, now }: { entry: Entry; shift: Shift; now: number }) {
  if (entry.mode === "waiting") return <span class="tag waiting">{entry.waiting_since ? texts.waits(span(now - entry.waiting_since)) : texts.mode.waiting}</span>;
  if (isMine(entry, shift.me)) return <span class="tag mine">{texts.with_you}</span>;
  if (isTaken(entry, shift.me)) return <span class="tag"><bdi>{texts.with_operator(entry.operator!.display)}</bdi></span>;
  return <span class="tag">{texts.mode[entry.mode]}</span>;
}

export const botTitle = (shift: Shift, name: string): string => shift.me.bots.find((bot) => bot.name === name)?.title || name;

function Row({ entry, shift, now }: { entry: Entry; shift: Shift; now: number }) {
  const unread = shift.inbox.isUnread(entry);
  const open = shift.talk?.id === entry.id;
  const speaker = entry.last && (entry.last.role === "operator" && isMine(entry, shift.me) ? texts.you : texts.speaker[entry.last.role]);
  return (
    <li>
      <button type="button" class={`entry ${entry.mode} ${unread ? "unread" : ""}`} aria-current={open ? "true" : undefined} onClick={() => shift.open(entry.id)}>
        <span class="first">
          {unread && <i class="dot" role="img" aria-label={texts.unread} />}
          <b dir="auto">{entry.title || texts.no_title}</b>
          <time>{brief(entry.updated_at, now)}</time>
        </span>
        <span class="last">{entry.last && <><span>{speaker}:</span> <bdi>{entry.last.text}</bdi></>}</span>
        <span class="tags">
          <Standing entry={entry} shift={shift} now={now} />
          {shift.me.bots.length > 1 && <span class="soft"><bdi>{botTitle(shift, entry.bot)}</bdi></span>}
          {entry.language && <span class="soft">{language(entry.language)}</span>}
        </span>
      </button>
    </li>
  );
}

export function InboxView({ shift }: { shift: Shift }) {
  const { inbox } = shift;
  const now = useNow();
  return (
    <section class="inbox" aria-label={texts.conversations}>
      <Boxes shift={shift} />
      <Filter shift={shift} />
      <div class="scroll" tabIndex={-1}>
        {inbox.failed && (
          <p class="empty problem">{texts.unreachable} <button type="button" class="link" onClick={() => void inbox.read()}>{texts.retry}</button></p>
        )}
        {!inbox.loaded && !inbox.failed && <p class="empty">{texts.loading}</p>}
        {inbox.loaded && inbox.entries.length === 0 && <p class="empty">{texts.box_empty[inbox.box]}</p>}
        {inbox.entries.length > 0 && (
          <ul class="entries">
            {inbox.entries.map((entry) => <Row entry={entry} shift={shift} now={now} key={entry.id} />)}
          </ul>
        )}
        {inbox.next !== null && <button type="button" class="button more" onClick={() => void inbox.more()}>{texts.more}</button>}
      </div>
    </section>
  );
}
