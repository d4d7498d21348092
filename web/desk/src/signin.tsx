import { useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { texts } from "./texts";

export function SignIn({ desk }: { desk: Desk }) {
  const [busy, setBusy] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await desk.signIn(name.current!.value.trim(), password.current!.value);
    setBusy(false);
    // Still here: wrong.
    password.current?.select();
  };
  return (
    <main class="signin">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{texts.product} <span>{texts.title}</span></h1>
        <p class="problem" role="alert">{desk.problem}</p>
        <label>
          {texts.name}
          <input ref={name} name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          {texts.password}
          <input ref={password} name="password" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="button main" disabled={busy}>{texts.sign_in}</button>
      </form>
    </main>
  );
}
