// One message on the screen: made once, then only what changed is changed, so that a live region tells it once.

import type { Delivery, Entry } from "../core/thread.ts";
import type { Locale } from "../locale/locale.ts";
import { attribute, h, retext } from "./dom.ts";
import { type Icon, icon } from "./icons.ts";
import { write } from "./reveal.ts";

const TICKS: { readonly [D in Delivery]: Icon } = {
  sending: "clock",
  waiting: "clock",
  sent: "one",
  read: "two",
  failed: "alert",
};

/** What of the neighbours matters for how a message looks. */
export interface Place {
  /** The first of several that one sender said in a row. */
  readonly first: boolean;
  readonly last: boolean;
}

export class MessageView {
  readonly element: HTMLElement;
  readonly #locale: Locale;
  readonly #text = h("p", { class: "text", dir: "auto" });
  readonly #who = h("span", { class: "who" });
  readonly #meta = h("span", { class: "meta" });
  readonly #edit: (id: string) => void;
  #written = "";
  #tick = "";

  constructor(entry: Entry, locale: Locale, edit: (id: string) => void, shown: number, moving: boolean) {
    this.#locale = locale;
    this.#edit = edit;
    const { message } = entry;
    const notice = message.kind === "notice" || message.sender === "system";
    this.element = h("div", {
      class: `message ${notice ? "notice" : message.sender}`,
      part: "message",
      "data-testid": "message",
      "data-sender": message.sender,
    });
    const bubble = h("div", { class: "bubble" }, this.#text);
    this.element.append(...(notice ? [bubble] : [this.#who, bubble]));
    write(this.#text, message.text, locale.text.newTab, shown, moving);
    this.#written = message.text;
    if (message.sources?.length) bubble.append(this.#sources(message.sources.map((one) => one.title)));
    if (!notice) this.element.append(this.#meta);
  }

  update(entry: Entry, place: Place): void {
    const { message, delivery } = entry;
    const { element } = this;
    attribute(element, "data-seq", message.seq || null);
    attribute(element, "data-state", delivery);
    element.classList.toggle("first", place.first);
    element.classList.toggle("last", place.last);
    if (message.text !== this.#written) {
      // The server masks card numbers and the like: what it keeps is what is shown.
      write(this.#text, message.text, this.#locale.text.newTab);
      this.#written = message.text;
    }
    const { text } = this.#locale;
    const name =
      message.sender === "guest"
        ? text.you
        : message.sender === "ai"
          ? text.assistant
          : message.sender_name || text.team;
    retext(this.#who, name);
    this.#who.classList.toggle("sr", message.sender === "guest" || !place.first);
    this.#show(delivery, message.sent_at, place.last);
  }

  #show(delivery: Delivery | null, at: string, last: boolean): void {
    const tick = `${delivery}${last}${at}`;
    if (tick === this.#tick) return;
    this.#tick = tick;
    const { text } = this.#locale;
    const time = h("time", { datetime: at }, this.#locale.time(at));
    const parts: Node[] = last || delivery === "failed" ? [time] : [];
    if (delivery) {
      const name = { sending: text.sending, waiting: text.kept, sent: text.sent, read: text.read, failed: text.failed }[
        delivery
      ];
      const seen = delivery === "waiting" || delivery === "failed";
      parts.push(icon(TICKS[delivery]), h("span", { class: seen ? "" : "sr" }, name));
    }
    if (delivery === "failed") {
      const edit = h("button", { type: "button", class: "edit" }, text.edit);
      edit.onclick = () => this.#edit(this.element.dataset.id ?? "");
      parts.push(edit);
    }
    this.#meta.replaceChildren(...parts);
  }

  #sources(titles: readonly string[]): HTMLElement {
    const { text } = this.#locale;
    const unique = [...new Set(titles)];
    return h(
      "div",
      { class: "sources", part: "sources", "data-testid": "sources" },
      icon("book"),
      h("span", { class: "sr" }, `${this.#locale.count(text.sources, unique.length)}: `),
      h("ul", {}, ...unique.map((title) => h("li", { dir: "auto" }, title))),
    );
  }
}
