// HTTP/1.1 by hand: sends bytes, reads what comes.
import { connect } from "node:net";
import { once } from "node:events";

export class Raw {
  static async open(server) {
    const raw = new Raw();
    raw.socket = connect(server.port, "127.0.0.1");
    raw.text = "";
    raw.closed = new Promise((done) => raw.socket.on("close", done));
    raw.socket.on("data", (bytes) => (raw.text += bytes.toString("latin1")));
    raw.socket.on("error", () => {});
    await once(raw.socket, "connect");
    return raw;
  }
  send(text) {
    this.socket.write(Buffer.from(text, "latin1"));
    return this;
  }
  // All there is until the server closes.
  async rest() {
    await this.closed;
    return this.text;
  }
  end() {
    this.socket.destroy();
  }
}

// The responses in a text, each with its status line, headers and body.
export function responses(text) {
  const found = [];
  while (text.length > 0) {
    const at = text.indexOf("\r\n\r\n");
    if (at < 0) break;
    const [line, ...lines] = text.slice(0, at).split("\r\n");
    const headers = Object.fromEntries(lines.map((each) => [each.split(":")[0].toLowerCase(), each.slice(each.indexOf(":") + 1).trim()]));
    const status = Number(line.split(" ")[1]);
    const size = Number(headers["content-length"] ?? 0);
    text = text.slice(at + 4);
    found.push({ status, headers, body: text.slice(0, size) });
    text = text.slice(size);
  }
  return found;
}
