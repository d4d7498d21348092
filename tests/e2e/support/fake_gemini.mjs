// Gemini's streamGenerateContent for fake_provider.mjs: the same scripts, in Google's dialect.
const event = (data) => `data: ${JSON.stringify(data)}\r\n\r\n`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const failure = (code, status, message) => ({ error: { code, message, status, details: [] } });

export const isGemini = (url) => url.includes(":streamGenerateContent");

// What the script is read from, in OpenAI's form.
export function asMessages(url, body) {
  const [, model] = url.match(/\/models\/([^/?]+):streamGenerateContent/);
  const messages = body.contents.flatMap(({ role, parts }) => {
    const results = parts.filter((part) => part.functionResponse);
    if (results.length) return results.map((part) => ({ role: "tool", content: JSON.stringify(part.functionResponse.response) }));
    return [{ role: role === "model" ? "assistant" : "user", content: parts.map((part) => part.text ?? "").join("\n") }];
  });
  const none = body.toolConfig?.functionCallingConfig?.mode === "NONE";
  return { model: decodeURIComponent(model), messages, tool_choice: none ? "none" : undefined };
}

export async function answerGemini(request, reply, model, plan, write) {
  if (plan["drop-before"]) return request.socket.destroy();
  if (plan["stall-head"]) return;
  if (plan.status) {
    reply.writeHead(plan.status, { "content-type": "application/json", ...plan.headers });
    return reply.end(plan.body || JSON.stringify(failure(plan.status, "INTERNAL", "as asked")));
  }
  const said = { modelVersion: model, responseId: "fake-response" };
  const usage = { promptTokenCount: 16, cachedContentTokenCount: 4 };
  const end = { ...usage, candidatesTokenCount: plan.words.length, thoughtsTokenCount: 5 };
  const piece = (text, more = {}, usageMetadata = usage) => ({
    candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0, ...more }],
    usageMetadata,
    ...said,
  });
  if (plan.whole) {
    reply.writeHead(200, { "content-type": "application/json" });
    return reply.end(JSON.stringify([piece(plan.words.join("")), piece("", { finishReason: "STOP" }, end)]));
  }
  reply.writeHead(200, { "content-type": "text/event-stream", ...plan.headers });
  reply.flushHeaders();
  if (plan["stall-first"]) return;
  if (plan.garbage) return reply.end("data: <html>\x01 no JSON here\r\n\r\n");
  if (plan.calls) {
    // The first of parallel calls has the signature, and nothing but it must come back.
    const parts = plan.calls.map(({ name, text }, i) => ({ functionCall: { name, args: JSON.parse(text) }, ...(i ? {} : { thoughtSignature: "c2lnbmVk" }) }));
    return reply.end(event({ candidates: [{ content: { role: "model", parts }, index: 0, finishReason: "STOP" }], usageMetadata: end, ...said }));
  }
  for (const [i, word] of plan.words.entries()) {
    if (plan["stall-after"] === i) return;
    if (plan["drop-after"] === i) {
      // What was written must have left before the connection goes.
      await new Promise((done) => reply.write(": going\r\n\r\n", done));
      return request.socket.destroy();
    }
    if (plan["end-after"] === i) return reply.end();
    // As Google does it: bare, in several lines.
    if (plan["error-after"] === i)
      return reply.end(JSON.stringify(failure(503, "UNAVAILABLE", "overloaded now"), null, 2).replaceAll("\n", "\r\n"));
    if (plan.slow) await pause(plan.slow);
    if (reply.destroyed) return;
    await write(reply, event(piece(word)));
  }
  reply.end(event(piece("", { finishReason: "STOP" }, end)));
}
