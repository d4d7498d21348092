// The Messages API for fake_provider.mjs: the same scripts, in Anthropic's dialect.
const event = (type, data) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const failure = (type, message) => ({ type: "error", error: { type, message }, request_id: "req_fake" });

// What the script is read from, in OpenAI's form: results are messages of their own.
export const asOpenai = (body) => ({
  ...body,
  tool_choice: body.tool_choice?.type,
  messages: body.messages.flatMap(({ role, content }) => {
    const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
    const results = parts.filter((part) => part.type === "tool_result");
    const said = parts.filter((part) => part.type === "text");
    const text = (part) => (typeof part.content === "string" ? part.content : part.content.map((one) => one.text).join(""));
    return [...results.map((part) => ({ role: "tool", content: text(part) })), ...(said.length ? [{ role, content: said }] : [])];
  }),
});

export async function answerMessages(request, reply, body, plan, write) {
  if (plan["drop-before"]) return request.socket.destroy();
  if (plan["stall-head"]) return;
  if (plan.status) {
    reply.writeHead(plan.status, { "content-type": "application/json", ...plan.headers });
    return reply.end(plan.body || JSON.stringify(failure("api_error", "as asked")));
  }
  const usage = { input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 1 };
  const stop = { stop_reason: plan.calls ? "tool_use" : "end_turn", stop_sequence: null };
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
  // Thinking with a signature, which must come back with the results.
  if (plan.calls) {
    await write(reply, event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "", signature: "" } }));
    await write(reply, event("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "I look it up." } }));
    await write(reply, event("content_block_delta", { index: 0, delta: { type: "signature_delta", signature: "c2lnbmVk" } }));
    await write(reply, event("content_block_stop", { index: 0 }));
    for (const [i, call] of plan.calls.entries()) {
      const block = { type: "tool_use", id: `toolu_${plan.round}_${i}`, name: call.name, input: {} };
      const half = Math.ceil(call.text.length / 2);
      await write(reply, event("content_block_start", { index: i + 1, content_block: block }));
      for (const part of [call.text.slice(0, half), call.text.slice(half)])
        await write(reply, event("content_block_delta", { index: i + 1, delta: { type: "input_json_delta", partial_json: part } }));
      await write(reply, event("content_block_stop", { index: i + 1 }));
    }
    await write(reply, event("message_delta", { delta: stop, usage: end }));
    return reply.end(event("message_stop", {}));
  }
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
