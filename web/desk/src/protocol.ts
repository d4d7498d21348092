// What the server and the desk say to each other: docs/desk-protocol.md.
import type { Attachment, ServerEvent } from "../../widget/src/protocol";

export type Box = "waiting" | "mine" | "all" | "closed";
export type Mode = "bot" | "waiting" | "operator" | "closed";
export type Role = "operator" | "lead" | "admin";

export interface Me {
  id: string;
  name: string;
  display: string;
  role: Role;
  away: boolean;
  bots: { name: string; title: string }[];
  chats_max: number;
}

export interface Operator {
  id: string;
  display: string;
  role: Role;
  present: boolean;
  away: boolean;
  chats: number;
}

export interface Entry {
  id: string;
  bot: string;
  user: string;
  title: string;
  mode: Mode;
  operator: { id: string; display: string } | null;
  reason: string | null;
  summary: string | null;
  language: string | null;
  waiting_since: number | null; // seconds
  updated_at: number;
  created_at: number;
  last: { role: Message["role"]; text: string } | null;
  message_count: number;
  epoch: number;
  reachable: boolean; // false: the visitor talks through a program, not the widget
}

export interface Message {
  id: string;
  position?: number;
  role: "user" | "assistant" | "operator" | "note";
  content: string;
  status?: "complete" | "partial" | "failed";
  created_at?: number;
  author?: string;
  attachments?: Attachment[];
}

export interface ToolCall {
  tool: string;
  arguments: unknown;
  outcome: string;
  detail: string | null;
  started_at: number;
  duration_ms: number | null;
}

export interface Calls {
  count: number;
  input_tokens: number;
  output_tokens: number;
  cost_microdollars: number | null;
  models: string[];
}

export interface Page extends Entry {
  messages: Message[];
  has_more: boolean;
  tools: ToolCall[];
  calls: Calls;
  lead: Record<string, unknown> | null;
}

export interface List {
  data: Entry[];
  next: string | null;
  counts: { waiting: number; mine: number };
}

export type DeskEvent =
  | { name: "hello"; resumed: boolean }
  | { name: "reset" | "operators" | "signed_out" }
  | ({ name: "conversation"; ring: boolean } & Entry)
  | ({ name: "note"; conversation: string; key?: string } & Message)
  | { name: "gone"; conversation: string };

// What the visitor of a conversation sees.
export type VisitorEvent = ServerEvent | { name: "typing"; conversation: string; role: "user" | "operator" };

// What the model can help with.
export type Task = "summary" | "reply" | "translate";
