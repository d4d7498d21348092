// A request that the server answered with no.
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter: number,
    readonly param = "",
  ) {
    super(message);
  }
}

// What stands in such a reply.
export async function refusalOf(reply: Response): Promise<Refusal> {
  const { error } = await reply.json().catch(() => ({ error: {} }));
  return new Refusal(reply.status, error.code ?? "", error.message ?? "", Number(reply.headers.get("Retry-After") ?? 0), error.param ?? "");
}
