// Everything the widget knows, in one place: what the screen shows is read from here, what the guest does comes here.

import type { Config } from "./config.ts";
import type { Emit } from "./events.ts";
import { type Connection, Link } from "./link.ts";
import type { Front } from "./opening.ts";
import { Outbox, type Unsent } from "./outbox.ts";
import type { Conversation, Details, Face, Frame, Hotel, Message, Opening, Problem } from "./protocol.ts";
import { type Kept, Session, SHAPES } from "./session.ts";
import { Browser, type Keep, Notebook } from "./storage.ts";
import { Tabs, type Word } from "./tabs.ts";
import { type Entry, Thread } from "./thread.ts";

/** After this long without another sign nobody is thought to be typing. */
const TYPING_MS = { ai: 15_000, staff: 6_000 };

export class Desk {
  conversation: Conversation | null = null;
  /** Why the server will not serve us; null while it does. */
  refusal: { readonly status: number; readonly problem: Problem | null } | null = null;
  /** The answer that is being written. */
  partial: { readonly turn: string; readonly text: string } | null = null;
  typing: { readonly by: "staff" | "ai"; readonly name: string | null } | null = null;
  /** Called after every change. */
  onchange: () => void = () => undefined;

  readonly config: Config;
  readonly language: string;
  readonly #front: Front;
  readonly #session: Session;
  readonly #kept: Notebook<Kept>;
  readonly #outbox: Outbox;
  readonly #failed = new Map<string, Unsent>();
  readonly #link: Link;
  readonly #tabs: Tabs;
  readonly #tell: Emit;
  readonly #tab: Keep;
  readonly #draftKey: string;
  #thread = new Thread();
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #typedAt = 0;
  #unread = 0;
  #live = false;
  #draft: string;

  constructor(
    config: Config,
    front: Front,
    tell: Emit,
    keep: Keep = new Browser(() => localStorage),
    tab: Keep = new Browser(() => sessionStorage),
  ) {
    const { name } = config;
    this.config = config;
    this.language = front.language;
    this.#front = front;
    this.#tell = tell;
    this.#kept = new Notebook<Kept>(keep, name, SHAPES);
    this.#tab = tab;
    this.#draftKey = `${name}:draft`;
    this.#draft = tab.get(this.#draftKey) ?? "";
    this.#outbox = new Outbox(keep, `${name}:unsent:`);
    this.#session = new Session(config, this.#kept, front.language, name);
    this.#tabs = new Tabs(name, (word) => this.#heard(word));
    this.#link = new Link(config, front.language, this.#session, this.#kept, this.#outbox, {
      changed: () => this.#changed(),
      begins: (id) => this.#begins(id),
      state: (conversation) => this.#state(conversation),
      message: (message) => this.#message(message),
      sent: (message, seq) => this.#sent(message, seq),
      failed: (message, problem) => {
        this.#failed.set(message.id, message);
        this.#tell("error", { status: problem?.status ?? 0, problem });
        this.#changed();
      },
      frame: (frame) => this.#frame(frame),
      receivedSeq: () => this.#thread.receivedSeq,
      refused: (problem, status) => {
        this.refusal = { status, problem };
        this.#tell("error", this.refusal);
      },
    });
  }

  // What the screen shows

  get opening(): Opening | null {
    return this.#front.view;
  }

  get hotel(): Hotel | null {
    return this.#front.view?.hotel ?? this.#session.hotel;
  }

  /** The same for the launcher, which may know a name and a colour before the view is there. */
  get face(): Face {
    return this.hotel ?? this.#front.face;
  }

  get connection(): Connection {
    return this.#link.connection;
  }

  get entries(): Entry[] {
    const unsent = [...this.#outbox.all(), ...this.#failed.values()];
    return this.#thread.entries(unsent, this.connection === "online", new Set(this.#failed.keys()));
  }

  get unread(): number {
    return this.#unread;
  }

  /** What is written but not sent; it outlives a reload of the page in this tab. */
  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    if (text) this.#tab.set(this.#draftKey, text);
    else this.#tab.remove(this.#draftKey);
  }

  get sound(): boolean {
    return this.#kept.read().sound === true;
  }

  // What the guest and the page do

  /** Whether somebody was here before, and was in a conversation: that goes on also while the panel is closed. */
  get known(): "no" | "here" | "talking" {
    const { conversation, token, expires = 0 } = this.#kept.read();
    if (!token || expires <= Date.now()) return "no";
    return conversation ? "talking" : "here";
  }

  /** Whether something that was written on an earlier page has not been sent. */
  get hasUnsent(): boolean {
    return this.#outbox.all().length > 0;
  }

  /** Ask what the hotel looks like, unless that was done a moment ago. */
  async look(afresh = false): Promise<void> {
    await this.#front.look(afresh);
    this.#changed();
  }

  /** Get in touch: the guest has opened the panel, or was here before. */
  connect(): void {
    if (!this.#live) {
      this.#live = true;
      this.#outbox.adopt();
      this.#tabs.join();
    }
    this.refusal = null;
    this.#link.want();
  }

  say(text: string): void {
    this.connect();
    this.#outbox.add(text);
    this.#tabs.tell({ say: "unsent" });
    this.#link.prepare();
    this.#link.flush();
    this.#changed();
  }

  /** Take back a message that was refused, to write it anew. */
  takeBack(id: string): string {
    const text = this.#failed.get(id)?.text ?? "";
    this.#failed.delete(id);
    this.#changed();
    return text;
  }

  /** The guest is writing. */
  types(): void {
    if (!this.refusal) this.#link.prepare();
    if (Date.now() - this.#typedAt < 1_500) return;
    this.#typedAt = Date.now();
    this.#link.tell({ type: "typing" });
  }

  /** The guest has seen everything there is. */
  saw(): void {
    const seq = this.#thread.receivedSeq;
    if (seq <= (this.#kept.read().seen ?? 0)) return;
    this.#kept.patch({ seen: seq });
    this.#tabs.tell({ say: "seen", seq });
    this.#tellSeen();
    this.#changed();
  }

  setSound(on: boolean): void {
    this.#kept.patch({ sound: on });
    this.#tabs.tell({ say: "changed" });
    this.#changed();
  }

  identify(details: Details | null): void {
    const before = this.#kept.read().identity;
    const another =
      details === null || (details.id !== undefined && before?.id !== undefined && details.id !== before.id);
    if (another) {
      this.#outbox.clear();
      this.#session.forget();
      this.#startOver();
    }
    if (details) this.#kept.patch({ identity: { ...(another ? {} : before), ...details } });
    if (another) this.#tabs.tell({ say: "forgotten" });
    if (this.#session.token && this.#live) void this.#session.ready().catch(() => undefined);
  }

  // What comes in

  #begins(id: string): void {
    if (this.#thread.current === id) return;
    if (this.#thread.current) this.#tabs.tell({ say: "changed" });
    this.#thread.begin(id);
    this.conversation = null;
    this.#changed();
  }

  #state(conversation: Conversation): void {
    const before = this.conversation;
    this.conversation = conversation;
    this.#thread.readByDesk(conversation.id, conversation.read_by_desk_seq ?? 0);
    this.refusal = null;
    if (conversation.status !== "open" && this.typing?.by === "ai") this.#types(null);
    if (conversation.status !== "open") this.partial = null;
    if (conversation.status === "waiting_for_staff" && before?.status !== "waiting_for_staff") void this.look(true);
    this.#tellSeen();
    this.#tell("state", conversation);
    this.#changed();
  }

  #message(message: Message): void {
    this.#outbox.remove(message.id);
    const isNew = this.#thread.receive(message);
    if (message.sender !== "guest") {
      this.#types(null);
      if (!message.turn_id || message.turn_id === this.partial?.turn) this.partial = null;
    }
    if (isNew && this.#isNews(message)) this.#tell("message", message);
    this.#changed();
  }

  /** Not what was said before this page, which comes before the first state; nor what another tab has shown already. */
  #isNews({ conversation_id, sender, seq }: Message): boolean {
    return this.conversation?.id === conversation_id && (sender === "guest" || seq > (this.#kept.read().seen ?? 0));
  }

  #sent(message: Unsent, seq: number): void {
    this.#thread.acknowledge(message, seq);
    this.#tabs.tell({ say: "sent", ...message, seq });
    this.#changed();
  }

  #frame(frame: Frame): void {
    if (frame.type === "typing")
      this.#types({ by: frame.by, name: frame.name ?? this.conversation?.assignee?.name ?? null });
    if (frame.type === "partial") this.partial = frame.text ? { turn: frame.turn_id, text: frame.text } : null;
    this.#changed();
  }

  #types(who: Desk["typing"]): void {
    clearTimeout(this.#typingTimer);
    this.typing = who;
    if (!who) return;
    this.#typingTimer = setTimeout(() => {
      this.typing = null;
      this.partial = null;
      this.#changed();
    }, TYPING_MS[who.by]);
  }

  #heard(word: Word): void {
    if (word.say === "sent") {
      this.#outbox.remove(word.id);
      this.#thread.acknowledge({ id: word.id, text: word.text, at: word.at }, word.seq);
    } else if (word.say === "forgotten") {
      this.#outbox.disown();
      this.#startOver();
    } else if (word.say === "changed" && this.#thread.current !== (this.#kept.read().conversation ?? null)) {
      if (!this.#kept.read().conversation) this.#startOver();
      else this.#link.restart();
    } else if (word.say === "unsent" && this.#live) this.#link.prepare();
    this.#changed();
  }

  #tellSeen(): void {
    const seen = this.#kept.read().seen ?? 0;
    const known = this.conversation?.read_by_guest_seq;
    if (known !== undefined && seen > known) this.#link.tell({ type: "read", seq: seen });
  }

  #startOver(): void {
    this.#thread = new Thread();
    this.conversation = this.partial = null;
    this.#types(null);
    this.#failed.clear();
    this.draft = "";
    this.#link.startOver();
    this.#changed();
  }

  #changed(): void {
    if (this.#live) this.#count();
    this.onchange();
  }

  #count(): void {
    const seen = Math.max(this.#kept.read().seen ?? 0, this.conversation?.read_by_guest_seq ?? 0);
    const unread = this.#thread.unread(seen);
    if (unread !== this.#unread) {
      this.#unread = unread;
      this.#tell("unread", unread);
    }
  }
}
