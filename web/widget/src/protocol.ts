// What the server and the widget say to each other: docs/widget-protocol.md.
export interface Attachment {
  id: string;
  name: string;
  media_type: string;
  size: number;
  width: number;
  height: number;
  url: string; // from the server's root; works for an hour at least
}

export interface ImageRules {
  images: number; // most in one message
  size: number; // bytes
  types: string[];
}

export interface Message {
  id: string;
  role: "user" | "assistant" | "operator";
  content: string;
  status?: "complete" | "partial" | "failed";
  created_at?: number;
  offline?: boolean;
  author?: string;
  attachments?: Attachment[];
  replies?: string[]; // what the visitor may say to it, one press each
}

export interface Card {
  id: string;
  state: "waiting" | "yes" | "no" | "expired";
  expires_at: number;
  tool: string;
  title: string;
  fields: { name: string; value: string }[];
}

export interface Summary {
  id: string;
  title: string;
  updated_at: number;
  message_count: number;
}

// Who answers in a conversation.
export interface Standing {
  mode: "bot" | "waiting" | "operator" | "closed";
  operator?: string; // the name
  typing?: boolean; // the operator
  position?: number; // in the queue, from 1
  wait_s?: number; // a guess
}

export interface Lead {
  fields: { name: string; required: boolean }[];
  consent: string; // "" asks for none
  ask?: "before" | "offline"; // the chat, or once nobody can answer
}

export interface Boot {
  bot: string;
  name: string;
  language: string;
  direction: "ltr" | "rtl";
  session?: string;
  identified: boolean;
  texts: Record<string, string>;
  welcome: string;
  suggestions: string[];
  pages?: { match: string; welcome?: string; suggestions?: string[] }[]; // what is said there instead
  look: { color?: string; position: "left" | "right"; title: string };
  image_hosts: string[];
  lead: Lead | null; // what is asked of the visitor, until it was answered
  attachments: ImageRules | null; // images that may be sent
  message_max: number;
  sound?: boolean; // wanted by the bot's owner
  handoff?: boolean; // one may ask for a person
  conversations: Summary[];
}

export interface Conversation extends Standing {
  id: string;
  title: string;
  messages: Message[];
  confirmations: Card[];
  has_more: boolean;
}

export interface Ids {
  conversation: string;
  turn?: string; // none where a person answers
  message: string;
  answer?: string;
}

export type ServerEvent =
  | { name: "hello"; resumed: boolean }
  | { name: "reset" | "erased" }
  | { name: "turn"; conversation: string; turn: string; answer: string; key: string; again?: boolean; message?: Message }
  | { name: "delta"; turn: string; text: string }
  | { name: "tool"; turn: string; id: string; state: "running" | "done" | "failed"; text: string }
  | ({ name: "confirm"; conversation: string; turn: string } & Card)
  | ({ name: "message"; conversation: string; turn?: string; key?: string } & Message)
  | ({ name: "status"; conversation: string } & Standing)
  | { name: "error"; conversation: string; turn: string; code: string; message: string; retry: boolean }
  | { name: "lead"; conversation: string; turn: string }
  | { name: "deleted"; conversation: string }
  | { name: "end"; conversation: string; turn: string; finish: string };
