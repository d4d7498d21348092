// One conversation as it is shown: what the server keeps of it, and what only this page knows.
import type { Greeting } from "./pages";
import type { Card, Message } from "./protocol";

export interface Shown extends Message {
  turn?: string;
  streaming?: boolean;
  sending?: "sending" | "queued" | "failed"; // a message of the visitor's own that the server does not have yet
  key?: string;
  rating?: number;
  version?: number; // grows when what was written of it is to be written anew
  problem?: string; // why there is no answer, in words for the visitor
}

export interface Tool {
  id: string;
  text: string;
  state: "running" | "done" | "failed";
}

export interface Talk {
  id: string | null; // null: nothing was said yet
  messages: Shown[];
  cards: (Card & { turn?: string })[];
  tools: Tool[]; // of the turn under way
  turn: string | null; // under way
  loaded: boolean;
  reached?: boolean; // how, was told here
  greeting?: Greeting; // of the page where it begins
}

export const newTalk = (id: string | null): Talk => ({ id, messages: [], cards: [], tools: [], turn: null, loaded: id === null });
