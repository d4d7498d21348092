import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "./refusal";
import type { Lead } from "./protocol";
import type { Store } from "./store";

const KINDS: Record<string, { type: string; autocomplete: string }> = {
  name: { type: "text", autocomplete: "name" },
  email: { type: "email", autocomplete: "email" },
  phone: { type: "tel", autocomplete: "tel" },
  company: { type: "text", autocomplete: "organization" },
  message: { type: "text", autocomplete: "off" },
};

// How the visitor can be reached: asked before the chat, or under the message that nobody could answer, which it then carries along.
export function LeadForm({ store, lead, unanswered }: { store: Store; lead: Lead; unanswered?: string }) {
  const late = unanswered !== undefined;
  const [wrong, setWrong] = useState("");
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => (late ? undefined : form.current!.querySelector("input")?.focus({ preventScroll: true })), []);
  // Where something is wrong is where it is to be mended.
  useEffect(() => (wrong ? form.current!.querySelector<HTMLElement>(`[name="${wrong}"]`)?.focus() : undefined), [wrong]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const box = (form.current!.getRootNode() as ShadowRoot).querySelector<HTMLElement>(".compose textarea");
    const fields = Object.fromEntries(lead.fields.map(({ name }) => [name, String(data.get(name) ?? "").trim()]));
    setSending(true);
    try {
      await store.lead(fields, data.get("consent") !== null);
      // The form goes away, and the focus with it.
      box?.focus({ preventScroll: true });
    } catch (error) {
      const param = error instanceof Refusal ? error.param : "";
      setWrong(param.replace("fields.", ""));
      if (!param) store.say(error instanceof Refusal ? error.message : store.text("unavailable"));
    }
    setSending(false);
  };
  const problem = (name: string) => wrong === name && <small class="problem" id={`wrong-${name}`}>{store.text("lead_invalid")}</small>;
  return (
    <form class={late ? "lead card" : "lead"} noValidate ref={form} onSubmit={(event) => void submit(event)}>
      <h3>{store.text(late ? "lead_offline" : "lead_title")}</h3>
      {lead.fields.map(({ name, required }) => (
        <label key={name}>
          <span>
            {store.text(`lead_${name}` as "lead_name")}
            {required && " *"}
          </span>
          <input name={name} {...KINDS[name]} defaultValue={name === "message" ? unanswered?.slice(0, 2000) : undefined} required={required} maxLength={name === "message" ? 2000 : 200} dir="auto" aria-invalid={wrong === name} aria-describedby={wrong === name ? `wrong-${name}` : undefined} />
          {problem(name)}
        </label>
      ))}
      {lead.consent && (
        <label class="check">
          <input type="checkbox" name="consent" aria-invalid={wrong === "consent"} aria-describedby={wrong === "consent" ? "wrong-consent" : undefined} />
          <span>{lead.consent} *</span>
        </label>
      )}
      {problem("consent")}
      <button type="submit" class="button main" disabled={sending}>{store.text(late ? "submit" : "lead_start")}</button>
    </form>
  );
}

// Under that message: the form, then the thanks.
export function Reach({ store, turn }: { store: Store; turn: string }) {
  const lead = store.boot?.lead;
  if (!lead) return <p class="thanks">{store.text("lead_thanks")}</p>;
  const { messages } = store.talk;
  const at = messages.findIndex((one) => one.turn === turn);
  const said = messages.slice(0, at < 0 ? undefined : at).filter(({ role }) => role === "user");
  return <LeadForm store={store} lead={lead} unanswered={said[said.length - 1]?.content ?? ""} />;
}
