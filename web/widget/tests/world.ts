// What the widget's core runs in here instead of a browser: a clock that a test moves, and a conversation service that
// keeps its rules and says what a test wants said.

import { mock } from "node:test";
import { Desk } from "../src/core/desk.ts";
import type { Emit } from "../src/core/events.ts";
import { Front } from "../src/core/opening.ts";
import type { Conversation, Message } from "../src/core/protocol.ts";
import { type Keep, Memory } from "../src/core/storage.ts";
import { Request } from "./request.ts";

export const CONFIG = {
  name: "frontdesk:https://desk.example:lindenhof",
  hotel: "lindenhof",
  origin: "https://desk.example",
  gateway: null,
  language: null,
  position: "end",
} as const;
export const NAME = CONFIG.name;
const UUID = /[\da-f-]{36}/;
const DAY_SECONDS = 86_400;

export interface Call {
  /** `POST /widget/sessions`, ids left out. */
  readonly what: string;
  readonly guest: string | null;
  readonly body: { readonly id?: string; readonly text?: string };
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Instead = (call: Call) => Answer | Promise<Answer> | undefined;

/** One page's surroundings. Tabs of one browser share it. */
export class World {
  readonly calls: Call[] = [];
  readonly sockets: Line[] = [];
  readonly keep = new Memory();
  /** Answers in the service's place where it answers at all. */
  instead: Instead = () => undefined;
  /** Whether WebSockets come through. */
  live = true;
  /** How far the service's clock is ahead of the device's. */
  aheadMs = 0;
  readonly told: { readonly event: string; readonly detail: unknown }[] = [];
  readonly #said = new Map<string, Message[]>();
  readonly #talks = new Map<string, Conversation>();
  #guests = 0;

  constructor() {
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.UTC(2026, 4, 1) });
    const page = new EventTarget();
    const bus = new Set<{ onmessage?: (event: { data: unknown }) => void }>();
    const world = this;
    put("performance", { now: () => Date.now() });
    put("navigator", { onLine: true });
    put("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
    put("addEventListener", page.addEventListener.bind(page));
    put("XMLHttpRequest", Request);
    put("fetch", (url: string, init: RequestInit) => this.#fetch(url, init));
    put(
      "WebSocket",
      class extends Line {
        constructor(url: string) {
          super(world, url);
        }
      },
    );
    put(
      "BroadcastChannel",
      class {
        onmessage?: (event: { data: unknown }) => void;
        constructor() {
          bus.add(this);
        }
        postMessage(data: unknown): void {
          for (const other of bus) if (other !== this) queueMicrotask(() => other.onmessage?.({ data }));
        }
      },
    );
  }

  /** A tab of the browser. */
  tab(keep: Keep = this.keep): Desk {
    const tell: Emit = (event, detail) => this.told.push({ event, detail });
    return new Desk(CONFIG, new Front(CONFIG, "en", tell), tell, keep, new Memory());
  }

  /** Time goes by. */
  async pass(ms: number): Promise<void> {
    const step = ms < 3_600_000 ? 100 : 1_000;
    for (let gone = 0; gone < ms; gone += step) {
      mock.timers.tick(Math.min(step, ms - gone));
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What is kept in the browser. */
  get kept(): { token?: string; conversation?: string; expires?: number } {
    return JSON.parse(this.keep.get(NAME) ?? "{}");
  }

  /** How often that was asked. */
  count(what: string): number {
    return this.calls.filter((call) => call.what === what).length;
  }

  /** Everything that a guest has said, by conversations. */
  saidBy(guest: string): string[] {
    const mine = [...this.#talks.values()].filter((talk) => talk.guest_id === guest);
    return mine.flatMap((talk) =>
      (this.#said.get(talk.id) ?? []).filter((m) => m.sender === "guest").map((m) => m.text),
    );
  }

  /** Staff say something in the conversation that is kept. */
  reply(text: string): Message {
    return this.#store(this.kept.conversation ?? "", crypto.randomUUID(), "staff", text);
  }

  /** The conversation that is kept changes hands, or ends. */
  turns(change: Partial<Conversation>): void {
    const talk = this.#talks.get(this.kept.conversation ?? "");
    if (talk) this.#talks.set(talk.id, { ...talk, ...change });
  }

  /** What a new connection is told. */
  catchUp(id: string, after: number): object[] {
    const missed = (this.#said.get(id) ?? []).filter((message) => message.seq > after);
    return [
      ...missed.map((message) => ({ type: "message", message })),
      { type: "state", conversation: this.#talks.get(id) },
    ];
  }

  /** A message that came over a connection; what is answered. */
  take(id: string, message: { id: string; text: string }): object {
    return { type: "ack", id: message.id, seq: this.#store(id, message.id, "guest", message.text).seq };
  }

  #store(conversation_id: string, id: string, sender: Message["sender"], text: string): Message {
    const said = this.#said.get(conversation_id) ?? [];
    const before = said.find((one) => one.id === id);
    if (before) return before;
    const message = { id, conversation_id, seq: said.length + 1, sender, text, sent_at: new Date().toISOString() };
    this.#said.set(conversation_id, [...said, message]);
    for (const line of this.sockets)
      if (line.readyState === 1 && line.id === conversation_id) line.hear({ type: "message", message });
    return message;
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const id = UUID.exec(pathname)?.[0] ?? "";
    const token = new Headers(init.headers).get("Authorization");
    const guest = token ? JSON.parse(atob(token.split(".")[1] ?? "")).sub : null;
    const call = {
      what: `${init.method} ${pathname.replace(UUID, "ID")}`,
      guest,
      body: JSON.parse(String(init.body ?? "{}")),
    };
    this.calls.push(call);
    const usual = () => this.#answer(call, id, Number(searchParams.get("after_seq") ?? 0));
    const { status, body } = (await this.instead(call)) ?? usual();
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  }

  #answer({ what, guest, body }: Call, id: string, after: number): Answer {
    const mine = [...this.#talks.values()].find((talk) => talk.guest_id === guest && talk.status !== "ended");
    switch (what) {
      case "POST /widget/sessions": {
        const guest_id = guest ?? `guest-${++this.#guests}`;
        const iat = (Date.now() + this.aheadMs) / 1000;
        const claims = btoa(JSON.stringify({ sub: guest_id, iat, exp: iat + DAY_SECONDS })).replace(/=/g, "");
        const expires_at = new Date((iat + DAY_SECONDS) * 1000).toISOString();
        return {
          status: 201,
          body: { token: `head.${claims}.${iat}`, guest_id, expires_at, hotel: { name: "Lindenhof" } },
        };
      }
      case "POST /widget/conversations": {
        const fresh = {
          id: crypto.randomUUID(),
          guest_id: guest ?? "",
          status: "open",
          assignee: null,
          last_seq: 0,
        } as const;
        if (!mine) this.#talks.set(fresh.id, fresh);
        return { status: 201, body: mine ?? fresh };
      }
      case "GET /widget/conversations/current":
        return mine ? { status: 200, body: mine } : refusal("not-found", 404);
      case "GET /widget/conversations/ID/messages":
        if (this.#talks.get(id)?.guest_id !== guest) return refusal("not-found", 404);
        return { status: 200, body: { items: (this.#said.get(id) ?? []).filter((one) => one.seq > after) } };
      case "POST /widget/conversations/ID/messages":
        return { status: 201, body: this.#store(id, body.id ?? "", "guest", body.text ?? "") };
      default:
        return { status: 204, body: undefined };
    }
  }
}

export function refusal(slug: string, status: number): Answer {
  return { status, body: { type: `urn:frontdesk:problem:${slug}`, title: slug, status } };
}

/** An answer that comes when the test says so. */
export function held(): { readonly until: Promise<void>; readonly go: () => void } {
  let go: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    go = resolve;
  });
  return { until, go };
}

/** The service's end of a WebSocket. */
export class Line {
  static readonly OPEN = 1;
  readyState = 0;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly id: string;
  readonly sent: { readonly type: string }[] = [];
  readonly #world: World;

  constructor(world: World, url: string) {
    this.#world = world;
    this.id = UUID.exec(url)?.[0] ?? "";
    world.sockets.push(this);
    setTimeout(() => {
      if (!world.live || this.readyState !== 0) return; // a proxy that swallows it says nothing
      this.readyState = Line.OPEN;
      this.onopen?.();
    }, 10);
  }

  send(text: string): void {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    if (frame.type === "hello") for (const told of this.#world.catchUp(this.id, frame.after_seq)) this.hear(told);
    if (frame.type === "message") this.hear(this.#world.take(this.id, frame));
  }

  /** The service says something. */
  hear(frame: object): void {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(frame) }), 1);
  }

  /** The service ends it. */
  end(code: number): void {
    this.readyState = 3;
    setTimeout(() => this.onclose?.({ code }), 1);
  }

  close(): void {
    this.readyState = 3;
  }
}

export function put(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
