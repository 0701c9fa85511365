// The conversation as it is read: messages in order, the answer that is being written, who types, what one may answer.

import type { Desk } from "../core/desk.ts";
import type { Entry } from "../core/thread.ts";
import type { Locale } from "../locale/locale.ts";
import { filled } from "../locale/tag.ts";
import { attribute, h, retext } from "./dom.ts";
import { icon } from "./icons.ts";
import { MessageView } from "./message.ts";
import { moves, write } from "./reveal.ts";

/** A guest this close to the end reads along; further up they are left where they are. */
const NEAR_PX = 80;
/** A typing sign sooner than this after a question would only flash. */
const FLASH_MS = 180;

export class Log {
  readonly element: HTMLElement;
  readonly #desk: Desk;
  readonly #locale: Locale;
  readonly #edit: (id: string) => void;
  readonly #views = new Map<string, MessageView>();
  readonly #consent = h("p", { class: "consent", part: "consent", "data-testid": "consent", dir: "auto" });
  readonly #hello: HTMLElement;
  readonly #hours = h("p", { class: "hours" });
  readonly #list: HTMLElement;
  readonly #partial = h("p", { class: "text", dir: "auto" });
  readonly #partialBox: HTMLElement;
  readonly #typing: HTMLElement;
  readonly #typingWho = h("span", { class: "sr" });
  readonly #quick: HTMLElement;
  readonly #below: HTMLButtonElement;
  #partialText = "";
  #typingSince = 0;
  #choices = "";
  #filled = false;
  #pinned = true;

  constructor(desk: Desk, locale: Locale, edit: (id: string) => void) {
    const { text } = locale;
    this.#desk = desk;
    this.#locale = locale;
    this.#edit = edit;
    this.#hello = h("h3", { class: "hello" }, text.hello);
    this.#list = h("div", {
      class: "log",
      role: "log",
      "aria-label": text.conversation,
      "data-testid": "log",
      part: "log",
    });
    const bubble = h("div", { class: "bubble" }, this.#partial);
    this.#partialBox = h(
      "div",
      { class: "message ai", "aria-hidden": "true", "data-testid": "partial", hidden: true },
      bubble,
    );
    const dots = h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    this.#typing = h(
      "div",
      { class: "typing", part: "typing", "data-testid": "typing", hidden: true },
      dots,
      this.#typingWho,
    );
    this.#quick = h("div", { class: "quick", role: "group", "aria-label": text.suggestions, hidden: true });
    this.#below = h(
      "button",
      { type: "button", class: "below", "data-testid": "below", hidden: true },
      text.below,
      icon("down"),
    );
    this.#below.onclick = () => this.toEnd();
    const scroll = h("div", {
      class: "scroll",
      tabindex: 0,
      role: "group",
      "aria-label": text.conversation,
      "data-testid": "scroll",
    });
    scroll.append(this.#consent, this.#hello, this.#hours, this.#list, this.#partialBox, this.#typing, this.#quick);
    scroll.onscroll = () => {
      this.#pinned = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_PX;
      if (this.#pinned) this.#hideBelow();
    };
    this.#scroll = scroll;
    let height = 0;
    new ResizeObserver(() => {
      // A state line or a second line of the composer takes room: what was at the lower edge stays there.
      if (height && scroll.clientHeight) scroll.scrollTop += height - scroll.clientHeight;
      height = scroll.clientHeight || height;
    }).observe(scroll);
    this.element = h("div", { class: "talk" }, scroll, this.#below);
  }

  readonly #scroll: HTMLElement;

  /** To what was said last. */
  toEnd(): void {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#pinned = true;
    this.#hideBelow();
  }

  /** Who has pressed it by keyboard stays in the conversation. */
  #hideBelow(): void {
    if (this.#below.matches(":focus")) this.#scroll.focus({ preventScroll: true });
    this.#below.hidden = true;
  }

  /** `fresh`: what comes now was said now; nothing of the past moves. */
  update(fresh: boolean): void {
    const entries = this.#desk.entries;
    const moving = fresh && this.#filled && moves();
    const before = this.#partialText;
    retext(this.#consent, this.#desk.hotel?.consent_text ?? "");
    this.#hello.hidden = this.#hours.hidden = entries.length > 0 || this.#desk.refusal !== null;
    retext(this.#hours, this.#locale.hours(this.#desk.hotel));
    const added = this.#lay(entries, moving);
    this.#writePartial(entries);
    this.#showTyping();
    this.#offer(entries);
    this.#filled ||= this.#desk.connection === "online";
    this.#follow(added, before !== this.#partialText);
  }

  #lay(entries: readonly Entry[], moving: boolean): MessageView | null {
    let added: MessageView | null = null;
    let place: Element | null = this.#list.firstElementChild;
    const there = new Set<string>();
    entries.forEach((entry, index) => {
      there.add(entry.id);
      let view = this.#views.get(entry.id);
      if (!view) {
        const said = entry.message.sender === "ai";
        const shown = said ? this.#shown(entry) : 0;
        view = new MessageView(entry, this.#locale, this.#edit, shown, moving && said);
        view.element.dataset.id = entry.id;
        if (moving && !shown) view.element.classList.add("new"); // else it stood there while it was written
        this.#views.set(entry.id, view);
        added = view;
      }
      view.update(entry, { first: !together(entries[index - 1], entry), last: !together(entry, entries[index + 1]) });
      if (view.element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(view.element, place);
    });
    for (const [id, view] of this.#views) {
      if (there.has(id)) continue;
      view.element.remove();
      this.#views.delete(id);
    }
    return added;
  }

  /** How much of an answer was there already while it was being written. */
  #shown(entry: Entry): number {
    return entry.message.text.startsWith(this.#partialText) ? this.#partialText.length : 0;
  }

  #writePartial(entries: readonly Entry[]): void {
    const { partial } = this.#desk;
    const text =
      partial && !entries.some(({ message }) => message.sender === "ai" && message.turn_id === partial.turn)
        ? partial.text
        : "";
    if (text === this.#partialText) return;
    const shown = text.startsWith(this.#partialText) ? this.#partialText.length : 0;
    write(this.#partial, text, this.#locale.text.newTab, shown, moves());
    this.#partialText = text;
    this.#partialBox.hidden = !text;
  }

  #showTyping(): void {
    const { typing } = this.#desk;
    const { text } = this.#locale;
    if (!typing || this.#partialText) {
      this.#typing.hidden = true;
      this.#typingSince = 0;
      return;
    }
    retext(
      this.#typingWho,
      typing.by === "ai" ? text.typingAi : filled(text.typingStaff, { name: typing.name ?? text.team }),
    );
    this.#typingWho.classList.toggle("sr", typing.by === "ai");
    if (this.#typingSince) return;
    const since = Date.now();
    this.#typingSince = since;
    setTimeout(() => {
      if (this.#typingSince !== since) return;
      this.#typing.hidden = false;
      this.#follow(null, true);
    }, FLASH_MS);
  }

  /** The ways to answer what was said last; before anything was said, some questions that every hotel hears. */
  #offer(entries: readonly Entry[]): void {
    const last = entries.at(-1)?.message;
    const ours = this.#desk.conversation?.status ?? "open";
    const starters = this.#desk.connection === "online" ? this.#locale.text.starters : [];
    const choices = last ? (ours === "open" && last.sender === "ai" ? (last.choices ?? []) : []) : starters;
    const key = choices.join("\n");
    attribute(this.#quick, "hidden", choices.length === 0);
    if (key === this.#choices) return;
    this.#choices = key;
    const kind = last ? "quick-reply" : "starter";
    const buttons = choices.map((choice) => {
      const button = h("button", { type: "button", part: "quick-reply", "data-testid": kind, dir: "auto" }, choice);
      button.onclick = () => {
        this.toEnd();
        this.#desk.say(choice);
        this.onchosen();
      };
      return button;
    });
    this.#quick.replaceChildren(...buttons);
  }

  /** Called when a suggestion was taken: its button, and with it the focus, goes. */
  onchosen: () => void = () => undefined;

  #follow(added: MessageView | null, grown: boolean): void {
    if (!added && !grown) return;
    if (this.#pinned) {
      // A long answer is read from its beginning.
      const top = added ? added.element.offsetTop - 16 : Infinity;
      this.#scroll.scrollTop = Math.min(top, this.#scroll.scrollHeight);
      this.#pinned = true;
    } else if (added) this.#below.hidden = false;
  }
}

/** Whether two messages stand together as one sender's. */
function together(one: Entry | undefined, other: Entry | undefined): boolean {
  if (!one || !other) return false;
  const [a, b] = [one.message, other.message];
  if (a.kind === "notice" || b.kind === "notice") return false;
  const close = Math.abs(Date.parse(b.sent_at) - Date.parse(a.sent_at)) < 300_000;
  return a.sender === b.sender && (a.sender_name ?? "") === (b.sender_name ?? "") && close;
}
