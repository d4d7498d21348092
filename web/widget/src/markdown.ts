// Markdown as it streams in, built as DOM nodes: nothing of an answer is ever parsed as HTML. Each piece costs what it adds.
import * as smd from "streaming-markdown";

const TAGS: Record<number, string> = {
  [smd.PARAGRAPH]: "p",
  [smd.CODE_BLOCK]: "code",
  [smd.CODE_FENCE]: "code",
  [smd.CODE_INLINE]: "code",
  [smd.ITALIC_AST]: "em",
  [smd.ITALIC_UND]: "em",
  [smd.STRONG_AST]: "strong",
  [smd.STRONG_UND]: "strong",
  [smd.STRIKE]: "s",
  [smd.LINK]: "a",
  [smd.RAW_URL]: "a",
  [smd.IMAGE]: "a", // an image only where its host is allowed
  [smd.BLOCKQUOTE]: "blockquote",
  [smd.LINE_BREAK]: "br",
  [smd.RULE]: "hr",
  [smd.LIST_UNORDERED]: "ul",
  [smd.LIST_ORDERED]: "ol",
  [smd.LIST_ITEM]: "li",
  [smd.CHECKBOX]: "input",
  [smd.TABLE]: "table",
  [smd.TABLE_ROW]: "tr",
  [smd.TABLE_CELL]: "td",
};

const HEADINGS: readonly number[] = [smd.HEADING_1, smd.HEADING_2, smd.HEADING_3, smd.HEADING_4, smd.HEADING_5, smd.HEADING_6];
const TITLE_LEVEL = 2; // of the panel's own heading

const SCHEMES = ["http:", "https:", "mailto:", "tel:"];
const DEPTH_MAX = 50;

// The address if it may be followed. The browser's own parser decides what the scheme is: it knows every way to hide one.
export function safeUrl(text: string): URL | null {
  try {
    const url = new URL(text.trim(), "https://invalid.invalid/");
    // What names no host of its own would lead into the page that the widget is on.
    return SCHEMES.includes(url.protocol) && url.hostname !== "invalid.invalid" ? url : null;
  } catch {
    return null;
  }
}

function linkTo(node: HTMLElement, text: string): void {
  const url = safeUrl(text);
  if (!url || !(node instanceof HTMLAnchorElement)) return;
  node.href = url.href;
  if (url.protocol.startsWith("http")) {
    node.target = "_blank";
    node.rel = "noopener noreferrer nofollow";
  }
}

function showImage(node: HTMLElement, text: string, hosts: readonly string[]): void {
  const url = safeUrl(text);
  if (!url || !url.protocol.startsWith("http") || !hosts.includes(url.host)) {
    linkTo(node, text);
    return;
  }
  const image = document.createElement("img");
  image.src = url.href;
  image.alt = node.textContent ?? "";
  image.loading = "lazy";
  image.referrerPolicy = "no-referrer";
  node.replaceChildren(image);
  linkTo(node, text);
}

const isWord = (text: string) => /[\p{L}\p{N}]/u.test(text);

export class MarkdownWriter {
  readonly #parser: smd.Parser;
  readonly #inCode: () => boolean;
  #last = ""; // the character before what comes
  #held = ""; // an underscore whose next character is not there yet

  constructor(root: HTMLElement, hosts: readonly string[]) {
    const open = [root];
    const top = () => open[open.length - 1];
    let level = TITLE_LEVEL;
    // Below the panel's own heading and without a gap, whatever a model thinks of its answer.
    const headingOf = (type: number) => (level = Math.min(TITLE_LEVEL + 1 + HEADINGS.indexOf(type), level + 1, 6));
    this.#inCode = () => top().tagName === "CODE";
    this.#parser = smd.parser({
      data: null,
      add_token: (_, type) => {
        const parent = top();
        if (type === smd.DOCUMENT) return;
        const tag = HEADINGS.includes(type) ? `h${headingOf(type)}` : (TAGS[type] ?? "span");
        const node = document.createElement(open.length > DEPTH_MAX ? "span" : tag);
        if (node instanceof HTMLInputElement) {
          node.type = "checkbox";
          node.disabled = true;
        }
        if (type === smd.IMAGE) node.dataset.image = "";
        if (type === smd.CODE_BLOCK || type === smd.CODE_FENCE) {
          const pre = document.createElement("pre");
          pre.tabIndex = 0; // it can be scrolled, so it can be reached
          parent.append(pre);
          pre.append(node);
        } else if (type === smd.TABLE && open.length <= DEPTH_MAX) {
          const scroll = document.createElement("div");
          scroll.className = "table";
          scroll.tabIndex = 0;
          parent.append(scroll);
          scroll.append(node);
        } else {
          parent.append(node);
        }
        open.push(node);
      },
      end_token: () => {
        if (open.length > 1) open.pop();
      },
      add_text: (_, text) => top().append(text),
      set_attr: (_, type, value) => {
        const node = top();
        if (type === smd.SRC) showImage(node, value, hosts);
        else if (type === smd.HREF) linkTo(node, value);
        else if (type === smd.CHECKED && node instanceof HTMLInputElement) node.checked = true;
        else if (type === smd.START && node instanceof HTMLOListElement) node.start = Number(value) || 1;
      },
    });
  }

  // The parser takes every underscore for emphasis, also that in "order_number": within a word, and not in code, it is escaped.
  write(text: string): void {
    text = this.#held + text;
    this.#held = "";
    let from = 0;
    for (let at = text.indexOf("_"); at >= 0; at = text.indexOf("_", at + 1)) {
      const before = at > 0 ? text[at - 1] : this.#last;
      if (at + 1 === text.length) {
        this.#write(text.slice(from, at));
        this.#held = "_";
        return;
      }
      if (!isWord(before) || !isWord(text[at + 1])) continue;
      this.#write(text.slice(from, at));
      smd.parser_write(this.#parser, this.#inCode() ? "_" : "\\_");
      this.#last = "_";
      from = at + 1;
    }
    this.#write(text.slice(from));
  }

  #write(text: string): void {
    if (text) this.#last = text[text.length - 1];
    smd.parser_write(this.#parser, text);
  }

  end(): void {
    this.#write(this.#held);
    this.#held = "";
    smd.parser_end(this.#parser);
  }
}
