import { Fragment } from "preact";
import { language, money, number, whole } from "./format";
import { botTitle } from "./inbox_view";
import type { Calls, ToolCall } from "./protocol";
import type { Shift } from "./shift";
import type { Talk } from "./talk";
import { texts } from "./texts";

function Facts({ facts }: { facts: [string, string | number | null | undefined][] }) {
  return (
    <dl>
      {facts.map(([name, value]) => value !== null && value !== undefined && value !== "" && (
        <Fragment key={name}>
          <dt><bdi>{name}</bdi></dt>
          <dd dir="auto">{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 1));

function Tool({ call }: { call: ToolCall }) {
  return (
    <li>
      <details>
        <summary>
          <code>{call.tool}</code> <span class={`outcome ${call.outcome}`}>{call.outcome}</span>
          {call.duration_ms !== null && <span class="soft">{number(call.duration_ms)} ms</span>}
        </summary>
        <p class="soft">{whole(call.started_at)}</p>
        <pre tabIndex={0} aria-label={texts.tool_arguments}>{plain(call.arguments)}</pre>
        {call.detail && <p dir="auto">{call.detail}</p>}
      </details>
    </li>
  );
}

function Costs({ calls }: { calls: Calls }) {
  return (
    <section>
      <h3>{texts.calls}</h3>
      <Facts
        facts={[
          [texts.count, number(calls.count)],
          [texts.cost, calls.cost_microdollars === null ? texts.cost_unknown : money(calls.cost_microdollars)],
          [texts.tokens, `${number(calls.input_tokens)} / ${number(calls.output_tokens)}`],
          [texts.models, calls.models.join(", ")],
        ]}
      />
    </section>
  );
}

function Summary({ shift, talk }: { shift: Shift; talk: Talk }) {
  const { assist } = shift;
  if (!talk.entry || !talk.entry.message_count) return null;
  return (
    <section class="why">
      {assist.summary && <><h3>{texts.so_far}</h3><p class="summary" dir="auto">{assist.summary}</p></>}
      <button type="button" class="button small" disabled={assist.busy === "summary"} onClick={() => void assist.summarise(talk.entry!)}>{texts.summarise}</button>
    </section>
  );
}

export function Side({ shift, talk }: { shift: Shift; talk: Talk }) {
  const { entry, details } = talk;
  if (!entry) return <aside class="side" aria-label={texts.details} />;
  const state = entry.mode === "operator" && entry.operator ? texts.with_operator(entry.operator.display) : texts.mode[entry.mode];
  return (
    <aside class="side" aria-label={texts.details}>
      <Summary shift={shift} talk={talk} />
      {entry.reason && <section class="why"><h3>{texts.why}</h3><p dir="auto">{entry.reason}</p></section>}
      {entry.summary && <section><h3>{texts.summary}</h3><p dir="auto">{entry.summary}</p></section>}
      {details?.lead && (
        <section>
          <h3>{texts.lead}</h3>
          <Facts facts={Object.entries(details.lead).filter(([, value]) => value !== null).map(([name, value]) => [name, plain(value)])} />
        </section>
      )}
      <section>
        <h3>{texts.conversation}</h3>
        <Facts
          facts={[
            [texts.state, state],
            [texts.bot, botTitle(shift, entry.bot)],
            [texts.visitor, entry.user],
            [texts.language, entry.language && language(entry.language)],
            [texts.began, whole(entry.created_at)],
            [texts.message_count, number(entry.message_count)],
          ]}
        />
      </section>
      {details && details.tools.length > 0 && (
        <section>
          <h3>{texts.tools}</h3>
          <ul class="tools">{details.tools.map((call, index) => <Tool call={call} key={index} />)}</ul>
        </section>
      )}
      {details && details.calls.count > 0 && <Costs calls={details.calls} />}
    </aside>
  );
}
