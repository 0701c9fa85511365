// Keeps the guest in touch: session, conversation, live line, and what waits to be sent, one after the other and again
// after every failure, until the page goes.

import { backoff } from "./backoff.ts";
import type { Config } from "./config.ts";
import { Delivery, type Outcome, pause } from "./delivery.ts";
import { call, Refused } from "./http.ts";
import type { Outbox, Unsent } from "./outbox.ts";
import type { Conversation, Frame, Message, Page, Problem } from "./protocol.ts";
import type { Kept, Session } from "./session.ts";
import { Sleep } from "./sleep.ts";
import { type Closed, OURS, Socket } from "./socket.ts";
import type { Notebook } from "./storage.ts";

export type Connection = "idle" | "connecting" | "online" | "offline" | "unreachable" | "refused";

const POLL_MS = 3_000;
/** How long it goes over HTTP before a WebSocket is tried again, where none came through: a try may take 10 s. */
const SOCKET_AGAIN_MS = 60_000;
const FRESH_MS = 60_000;

/** What the link tells of. */
export interface Hears {
  changed(): void;
  /** This conversation is talked in from here on. */
  begins(id: string): void;
  state(conversation: Conversation): void;
  message(message: Message): void;
  sent(message: Unsent, seq: number): void;
  failed(message: Unsent, problem: Problem | null): void;
  frame(frame: Frame): void;
  receivedSeq(): number;
  refused(problem: Problem | null, status: number): void;
}

export class Link {
  connection: Connection = "idle";
  readonly #config: Config;
  readonly #language: string;
  readonly #session: Session;
  readonly #kept: Notebook<Kept>;
  readonly #outbox: Outbox;
  readonly #hears: Hears;
  readonly #sleep = new Sleep();
  readonly #delivery: Delivery;
  #running = false;
  #begin = false;
  #tries = 0;
  #socket: Socket | null = null;
  #synced = false;
  #ended: string | null = null;
  /** What was last heard of the conversation. */
  #state: Conversation | null = null;
  /** Whether the last WebSocket that came to an end, or the one before, was heard at all. */
  #comesThrough = false;
  /** Until then (by `performance.now()`) no WebSocket is tried. */
  #pollUntil = 0;

  constructor(config: Config, language: string, session: Session, kept: Notebook<Kept>, outbox: Outbox, hears: Hears) {
    this.#config = config;
    this.#language = language;
    this.#session = session;
    this.#kept = kept;
    this.#outbox = outbox;
    this.#hears = hears;
    this.#delivery = new Delivery(outbox, {
      taken: (taken) => this.#set(taken ? "online" : "unreachable"),
      sent: (message, seq) => hears.sent(message, seq),
      failed: (message, problem) => hears.failed(message, problem),
      isOver: () => this.#ended !== null,
      over: () => this.#move(),
    });
  }

  /** Get in touch, and stay so. */
  want(): void {
    if (!this.#running) {
      this.#running = true;
      this.#listen();
      void this.#run();
    } else if (this.connection !== "online") this.#sleep.wake();
  }

  /** There is going to be something to say: have the conversation ready. */
  prepare(): void {
    if (this.#begin) return;
    this.#begin = true;
    this.#sleep.wake();
    this.want();
  }

  /** Another guest: nothing of the last one's is gone on with. */
  startOver(): void {
    this.#begin = false;
    this.#ended = null;
    this.restart();
  }

  /** Read the kept session and conversation afresh: they are others now. */
  restart(): void {
    this.#socket?.close();
    this.#sleep.wake();
  }

  /** Tell something that is not worth keeping; lost when the line is down. */
  tell(frame: object): boolean {
    return this.#synced && this.#socket?.send(frame) === true;
  }

  /** Send what waits, if the line is up. */
  flush(): void {
    if (!this.#running) return;
    if (this.#synced) void this.#delivery.all((message) => this.#overSocket(message));
    else if (this.connection !== "refused" && this.#outbox.next()) this.#sleep.wake();
  }

  /** To what happens to the page and its network. */
  #listen(): void {
    addEventListener("online", () => {
      this.#pollUntil = 0; // it may be another network
      this.#sleep.wake();
    });
    addEventListener("offline", () => {
      this.#socket?.close();
      if (this.#running) this.#set("offline");
    });
    document.addEventListener("visibilitychange", () => {
      // A page that slept may hold a line that died meanwhile.
      if (document.visibilityState === "visible" && this.#socket && this.#socket.silentMs > 25_000) this.restart();
    });
    setInterval(() => {
      if (this.connection === "online") void this.#session.keepFresh();
      this.flush(); // also what a tab that is gone has left
    }, FRESH_MS / 6);
  }

  async #run(): Promise<never> {
    for (;;) {
      if (!navigator.onLine) {
        this.#set("offline");
        await this.#sleep.for(15_000);
      }
      if (this.connection === "idle") this.#set("connecting");
      let token = "";
      let id: string | null = null;
      try {
        token = await this.#session.ready();
        id = await this.#conversation(token);
        if (!this.#holds(token)) continue;
        if (id === null) {
          this.#tries = 0;
          this.#set("online");
          await this.#sleep.for(600_000);
        } else if (performance.now() < this.#pollUntil) await this.#poll(id, token);
        else await this.#after(await this.#live(id, token), id, token);
      } catch (error) {
        await this.#failed(error instanceof Refused ? error : new Refused(0, null), token, id);
      }
    }
  }

  /** Whether the token is still the guest's: while something was waited for, another one may have come. */
  #holds(token: string): boolean {
    return this.#session.token === token;
  }

  /** The conversation to talk in; none as long as the guest has nothing to say. */
  async #conversation(token: string): Promise<string | null> {
    const kept = this.#kept.read().conversation;
    if (kept && kept !== this.#ended) {
      this.#hears.begins(kept);
      return kept;
    }
    if (!this.#begin && !this.#outbox.next()) return null;
    const url = `${this.#config.origin}/widget/conversations`;
    const started = await call<Conversation>(url, { method: "POST", token, body: { language: this.#language } });
    if (!this.#holds(token)) return null;
    this.#ended = null;
    this.#kept.patch({ conversation: started.id, seen: 0 });
    this.#hears.begins(started.id);
    return started.id;
  }

  #live(id: string, token: string): Promise<Closed> {
    const url = `${this.#config.origin.replace(/^http/, "ws")}/widget/conversations/${id}/live`;
    const hello = () => ({ type: "hello", token, after_seq: this.#hears.receivedSeq() });
    const socket = new Socket(url, hello, (frame) => {
      if (socket === this.#socket) this.#hear(frame);
    });
    this.#socket = socket;
    return socket.closed.then((closed) => {
      this.#socket = null;
      this.#synced = false;
      this.#delivery.heard(undefined, "lost");
      return closed;
    });
  }

  #hear(frame: Frame): void {
    switch (frame.type) {
      case "message":
        this.#hears.message(frame.message);
        this.#delivery.heard(frame.message.id, { seq: frame.message.seq });
        break;
      case "state":
        // The first one comes behind everything that was missed: only now is it known what is still unsent.
        this.#synced = true;
        this.#tries = 0;
        this.#note(frame.conversation);
        this.#set("online");
        this.flush();
        break;
      case "ack":
        this.#delivery.heard(frame.id, { seq: frame.seq });
        break;
      case "error":
        this.#delivery.heard(frame.id, { problem: frame.problem });
        break;
      default:
        this.#hears.frame(frame);
    }
  }

  #note(conversation: Conversation): void {
    if (conversation.status === "ended") this.#begin = false;
    this.#state = conversation;
    this.#hears.state(conversation);
    this.#ended = conversation.status === "ended" ? conversation.id : null;
  }

  /** What follows when a line is over. */
  async #after(closed: Closed, id: string, token: string): Promise<void> {
    this.#comesThrough ||= closed.spoke;
    if (closed.code === OURS) return;
    const status = closed.code > 4000 ? closed.code - 4000 : 0;
    if (status) throw new Refused(status, closed.problem);
    if (closed.spoke) throw new Refused(0, null);
    await this.#poll(id, token);
    // Where they came through a moment ago it was the network that was away.
    if (!this.#comesThrough) this.#pollUntil = performance.now() + SOCKET_AGAIN_MS;
    this.#comesThrough = false;
  }

  /** Where a proxy lets no WebSocket through the same goes over HTTP, slower; throws when that does not work either. */
  async #poll(id: string, token: string): Promise<void> {
    const base = `${this.#config.origin}/widget/conversations`;
    for (let isMore = true; isMore; ) {
      const after = this.#hears.receivedSeq();
      const page = await call<Page>(`${base}/${id}/messages?after_seq=${after}`, { token });
      if (!this.#holds(token)) return;
      for (const message of page.items) this.#hears.message(message);
      isMore = !!page.next_cursor && this.#hears.receivedSeq() > after;
    }
    const current = await call<Conversation>(`${base}/current`, { token }).catch((error: unknown) => {
      if (error instanceof Refused && error.status === 404) return null; // ended
      throw error;
    });
    if (!this.#holds(token)) return;
    if (current?.id === id) this.#note(current);
    else {
      const known = this.#state?.id === id ? this.#state : { guest_id: "", assignee: null, last_seq: 0 };
      this.#note({ ...known, id, status: "ended" });
    }
    this.#tries = 0;
    this.#set("online");
    const waited = this.#outbox.next() !== null;
    await this.#delivery.all(async (message) => {
      if (!this.#holds(token)) return "lost";
      const body = { id: message.id, text: message.text };
      const outcome = await call<Message>(`${base}/${id}/messages`, { method: "POST", token, body }).catch(problemOf);
      return this.#holds(token) ? outcome : "lost";
    });
    await this.#sleep.for(waited ? POLL_MS / 3 : POLL_MS);
  }

  #overSocket(message: Unsent): Promise<Outcome> {
    const frame = { type: "message", id: message.id, text: message.text };
    return this.#delivery.expect(
      message.id,
      () => this.tell(frame),
      () => this.#socket?.close(),
    );
  }

  /** The conversation has ended: what waits goes into a new one. */
  #move(): void {
    this.#ended = this.#kept.read().conversation ?? null;
    this.#begin = true;
    this.restart();
  }

  async #failed(refused: Refused, token: string, id: string | null): Promise<void> {
    this.#tries += 1;
    const isGone = refused.status === 404 && id !== null;
    if (isGone && this.#kept.read().conversation === id) {
      this.#kept.patch({ conversation: undefined });
      this.#begin = false;
    }
    if (refused.status === 401) this.#session.expired(token);
    else if (refused.isPassing || isGone) this.#set(navigator.onLine ? "unreachable" : "offline");
    else {
      this.#hears.refused(refused.problem, refused.status);
      this.#set("refused");
      return this.#sleep.for(600_000);
    }
    const asked = refused.retryMs ?? 0;
    if (asked) await pause(asked); // nobody's impatience counts against that
    await this.#sleep.for(backoff(this.#tries));
  }

  #set(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.#hears.changed();
  }
}

/** What a refusal of a message is about: the message, unless the session is over or nobody says anything. */
function problemOf(error: unknown): { readonly problem: Problem } {
  if (error instanceof Refused && error.problem && error.status !== 401) return { problem: error.problem };
  throw error;
}
