import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import type { Shift } from "./shift";
import { texts } from "./texts";

function Dialog({ title, done, children }: { title: string; done: () => void; children: ComponentChildren }) {
  const root = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = root.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={root} aria-labelledby="dialog-title" onClose={done} onClick={(event) => event.target === root.current && done()}>
      <div class="box">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="quiet" aria-label={texts.dismiss} onClick={done}><Icon name="close" /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

export function CloseDialog({ shift, done }: { shift: Shift; done: () => void }) {
  const [reason, setReason] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    void shift.close(reason.trim());
    done();
  };
  return (
    <Dialog title={texts.close_title} done={done}>
      <form onSubmit={submit}>
        <label>
          {texts.close_reason}
          <input value={reason} maxLength={200} dir="auto" list="reasons" autofocus onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <datalist id="reasons">{texts.close_reasons.map((one) => <option value={one} key={one} />)}</datalist>
        <div class="buttons">
          <button type="submit" class="button main">{texts.close_it}</button>
          <button type="button" class="button" onClick={done}>{texts.cancel}</button>
        </div>
      </form>
    </Dialog>
  );
}

export function HelpDialog({ shift, done }: { shift: Shift; done: () => void }) {
  const [on, setOn] = useState(shift.shortcuts);
  return (
    <Dialog title={texts.shortcuts} done={done}>
      <dl class="keys">
        {texts.keys.map(([key, what]) => (
          <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={on} onChange={() => { shift.shortcuts = !on; setOn(!on); }} /> {texts.shortcuts_on}
      </label>
    </Dialog>
  );
}
