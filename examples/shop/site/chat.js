// A plain chat page: what a site can do by itself with /api/chat. Answers come as OpenAI's chunks, one JSON
// object behind each "data: ".
const list = document.getElementById("messages");
const form = document.getElementById("form");
const input = document.getElementById("text");
const send = document.getElementById("send");
const status = document.getElementById("status");
const suggestions = document.getElementById("suggestions");
const page = document.querySelector("main");

const history = []; // {role, content}: what the server is told of the conversation so far
let conversation; // its id, from the first answer on

const questions = [
  "Do you ship to Germany?",
  "Where is my order 1042?",
  "Find headphones under 100 euros",
  "Book a consultation on Tuesday afternoon",
];

function show(kind, text) {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = text;
  list.append(item);
  page.scrollTop = page.scrollHeight;
  return item;
}

// Bold words and backslashes of the answer's Markdown; all else is text as it stands. A page of your own may want more.
function write(item, text) {
  item.replaceChildren();
  text.split(/\*\*([^*\n]+)\*\*/).forEach((piece, i) => {
    const words = piece.replace(/\\([\\`*_[\]<>#|])/g, "$1");
    const node = i % 2 ? document.createElement("strong") : document.createTextNode(words);
    if (i % 2) node.textContent = words;
    item.append(node);
  });
}

// The reader who scrolled up is left where he is.
function keepInView(change) {
  const atEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 40;
  change();
  if (atEnd) page.scrollTop = page.scrollHeight;
}

async function* payloads(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? "";
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice(6);
    if (done) return;
  }
}

async function failure(reply) {
  try {
    return new Error((await reply.json()).error.message);
  } catch {
    return new Error(`The server answered with status ${reply.status}.`);
  }
}

async function answer(item) {
  const reply = await fetch("api/chat", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: history, conversation_id: conversation }),
  });
  if (!reply.ok) throw await failure(reply);
  conversation = reply.headers.get("x-conversation-id") ?? conversation;
  let text = "";
  for await (const payload of payloads(reply.body)) {
    if (payload === "[DONE]") return text;
    const chunk = JSON.parse(payload);
    if (chunk.error) throw new Error(chunk.error.message);
    text += chunk.choices[0]?.delta?.content ?? "";
    keepInView(() => write(item, text));
  }
  throw new Error("The answer broke off.");
}

function offerAgain(item, text) {
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Try again";
  again.addEventListener("click", () => {
    item.remove();
    ask(text);
  });
  item.append(" ", again);
}

async function ask(text) {
  const before = history.length;
  suggestions.replaceChildren();
  show("visitor", text);
  history.push({ role: "user", content: text });
  const item = show("bot waiting", "");
  send.disabled = true;
  status.textContent = "The assistant is answering.";
  try {
    history.push({ role: "assistant", content: await answer(item) });
    item.className = "bot";
    status.textContent = "The answer is complete.";
  } catch (error) {
    history.length = before;
    const partial = item.textContent !== "";
    if (!partial) item.remove();
    item.className = "bot";
    const problem = error instanceof TypeError ? "The server cannot be reached." : error.message;
    offerAgain(show("error", problem), text);
    status.textContent = problem;
  }
  send.disabled = false;
}

function submit(event) {
  event.preventDefault();
  const text = input.value.trim();
  if (!text || send.disabled) return;
  input.value = "";
  fit();
  ask(text);
}

function fit() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
}

form.addEventListener("submit", submit);
input.addEventListener("input", fit);
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
});
show("bot", "Hello! I answer questions about the shop. What would you like to know?");
for (const question of questions) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = question;
  button.addEventListener("click", () => ask(question));
  suggestions.append(button);
}
input.focus();
