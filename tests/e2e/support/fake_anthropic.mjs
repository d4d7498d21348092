// The Messages API for fake_provider.mjs: the same scripts, in Anthropic's dialect.
const event = (type, data) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const failure = (type, message) => ({ type: "error", error: { type, message }, request_id: "req_fake" });

export async function answerMessages(request, reply, body, plan, write) {
  if (plan["drop-before"]) return request.socket.destroy();
  if (plan["stall-head"]) return;
  if (plan.status) {
    reply.writeHead(plan.status, { "content-type": "application/json", ...plan.headers });
    return reply.end(plan.body || JSON.stringify(failure("api_error", "as asked")));
  }
  const usage = { input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 1 };
  const stop = { stop_reason: "end_turn", stop_sequence: null };
  const message = { id: "msg_fake", type: "message", role: "assistant", model: body.model, content: [] };
  const end = { ...usage, output_tokens: plan.words.length };
  if (plan.whole) {
    reply.writeHead(200, { "content-type": "application/json" });
    const content = [{ type: "text", text: plan.words.join("") }];
    return reply.end(JSON.stringify({ ...message, content, ...stop, usage: end }));
  }
  reply.writeHead(200, { "content-type": "text/event-stream", "request-id": "req_fake", ...plan.headers });
  reply.flushHeaders();
  if (plan["stall-first"]) return;
  if (plan.garbage) return reply.end("data: <html>\x01 no JSON here\n\n");
  await write(reply, event("message_start", { message: { ...message, stop_reason: null, usage } }));
  await write(reply, event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }));
  await write(reply, event("ping", {}));
  for (const [i, word] of plan.words.entries()) {
    if (plan["stall-after"] === i) return;
    if (plan["drop-after"] === i) {
      await new Promise((done) => reply.write(event("ping", {}), done));
      return request.socket.destroy();
    }
    if (plan["end-after"] === i) return reply.end();
    if (plan["error-after"] === i)
      return reply.end(`event: error\ndata: ${JSON.stringify(failure("overloaded_error", "overloaded now"))}\n\n`);
    if (plan.slow) await pause(plan.slow);
    if (reply.destroyed) return;
    await write(reply, event("content_block_delta", { index: 0, delta: { type: "text_delta", text: word } }));
  }
  await write(reply, event("content_block_stop", { index: 0 }));
  await write(reply, event("message_delta", { delta: stop, usage: end }));
  reply.end(event("message_stop", {}));
}
