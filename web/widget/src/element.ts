// <front-desk-widget>: the launcher on the page, drawn at once; the chat behind it is built when it is first opened.

import type { Desk } from "./core/desk.ts";
import type { Listeners } from "./core/events.ts";
import { Browser } from "./core/storage.ts";
import { filled, type Locale } from "./locale/locale.ts";
import { brandRule } from "./ui/colours.ts";
import { attribute, h, icon, retext } from "./ui/dom.ts";
import launcherStyle from "./ui/launcher.css";
import panelStyle from "./ui/panel.css";
import { Panel } from "./ui/panel.ts";
import { chime } from "./ui/sound.ts";

/** So long another tab may take to say that its guest is reading what has just come. */
const READ_ELSEWHERE_MS = 500;

/** `<front-desk-widget>` on the page. A copy (Turbo keeps pages as copies of their bodies) has nothing in it, and goes. */
export class Place extends HTMLElement {
  onarrive: (() => void) | null = null;
  onleave: (() => void) | null = null;

  connectedCallback(): void {
    if (this.onarrive) this.onarrive();
    else this.remove();
  }

  disconnectedCallback(): void {
    this.onleave?.();
  }
}

export class FrontDeskWidget {
  readonly element = new Place();
  readonly #shadow = this.element.attachShadow({ mode: "open" });
  readonly #desk: Desk;
  readonly #locale: Locale;
  readonly #listeners: Listeners;
  readonly #root: HTMLElement;
  readonly #launcher: HTMLButtonElement;
  readonly #unread = h("span", {
    class: "unread",
    part: "unread",
    "data-testid": "unread",
    "aria-hidden": "true",
    hidden: true,
  });
  readonly #brand = new CSSStyleSheet();
  readonly #tab = new Browser(() => sessionStorage);
  #panel: Panel | null = null;
  /** Listeners of the page's, which end when the widget is taken off it. */
  #offPage = new AbortController();
  #due = false;
  #rules = "";

  constructor(desk: Desk, locale: Locale, listeners: Listeners) {
    this.#desk = desk;
    this.#locale = locale;
    this.#listeners = listeners;
    this.#launcher = h(
      "button",
      { type: "button", class: "launcher", part: "launcher", "data-testid": "launcher", "aria-expanded": "false" },
      icon("chat"),
      icon("down"),
      this.#unread,
    );
    this.#launcher.onclick = () => (this.isOpen ? this.close() : this.open());
    this.#root = h(
      "div",
      { class: "root", dir: locale.dir, lang: locale.tag, "data-position": desk.config.position },
      this.#launcher,
    );
    this.#shadow.adoptedStyleSheets = [sheetOf(launcherStyle), this.#brand];
    this.#shadow.append(this.#root);
    this.element.onarrive = () => this.#arrive();
    this.element.onleave = () => this.#offPage.abort();
    desk.onchange = () => this.#change();
    listeners.on("message", (message) => {
      if (message.sender === "guest" || !desk.sound) return;
      setTimeout(() => desk.unread && !this.#isRead && chime(), READ_ELSEWHERE_MS);
    });
    this.#draw();
  }

  /** On the page, or back on it: as it was, at what was said last. */
  #arrive(): void {
    this.#offPage = new AbortController();
    const { signal } = this.#offPage;
    document.addEventListener("visibilitychange", () => this.#change(), { signal });
    for (const event of ["resize", "scroll"]) visualViewport?.addEventListener(event, () => this.#change(), { signal });
    this.#draw();
    if (this.isOpen) this.#panel?.opened();
  }

  get isOpen(): boolean {
    return this.#panel !== null && !this.#panel.element.hidden;
  }

  /** Show the chat. `quietly`: as it was on the page before, without taking the focus. */
  open(quietly = false): void {
    if (this.isOpen) return;
    if (!this.#panel) {
      this.#panel = new Panel(this.#desk, this.#locale, () => this.close());
      this.#root.prepend(this.#panel.element);
      this.#shadow.adoptedStyleSheets.push(sheetOf(panelStyle));
    }
    this.#panel.element.hidden = false;
    this.#tab.set(this.#key, "1");
    this.#desk.connect();
    void this.#desk.look();
    this.#draw();
    this.#panel.opened();
    if (!quietly) this.#panel.focus();
    this.#fit();
    this.#listeners.emit("open", undefined);
  }

  close(): void {
    if (!this.isOpen || !this.#panel) return;
    const focused = this.#shadow.activeElement;
    this.#panel.element.hidden = true;
    this.#tab.remove(this.#key);
    this.#draw();
    if (focused) this.#launcher.focus({ preventScroll: true });
    this.#listeners.emit("close", undefined);
  }

  /** Open again what was open on the page before; on a phone it would cover what the guest came for. */
  resume(): void {
    if (this.#tab.get(this.#key) && matchMedia("(min-width: 481px)").matches) this.open(true);
  }

  /** Whether the guest has the conversation before them. */
  get #isRead(): boolean {
    return this.isOpen && this.element.isConnected && document.visibilityState === "visible";
  }

  get #key(): string {
    return `frontdesk:${this.#desk.config.origin}:${this.#desk.config.hotel}:open`;
  }

  /** Many changes of one moment are drawn once. */
  #change(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { hotel, unread } = this.#desk;
    const { text } = this.#locale;
    const open = this.isOpen;
    if (this.#isRead) this.#desk.saw();
    this.#fit();
    attribute(this.#root, "data-open", open);
    attribute(this.#launcher, "aria-expanded", String(open));
    attribute(this.#launcher, "aria-controls", this.#panel ? "panel" : null);
    const name = open ? text.close : hotel ? filled(text.chat, { hotel: hotel.name }) : text.open;
    attribute(
      this.#launcher,
      "aria-label",
      !open && unread ? `${name}, ${this.#locale.count(text.unread, unread)}` : name,
    );
    this.#unread.hidden = open || unread === 0;
    retext(this.#unread, unread > 9 ? "9+" : String(unread));
    if (open) this.#panel?.update(this.#isRead);
  }

  /** The brand's colour, and on a phone the height that the keyboard leaves. */
  #fit(): void {
    const view = window.visualViewport;
    const fits = this.isOpen && view && view.scale === 1;
    const seen = fits ? `.panel{--seen:${Math.round(view.height)}px;--top:${Math.round(view.offsetTop)}px}` : "";
    const rules = brandRule(this.#desk.hotel?.brand.colour) + seen;
    if (rules === this.#rules) return;
    this.#rules = rules;
    this.#brand.replaceSync(rules);
  }
}

/** Sheets made by script need no permission of the page's policy for inline styles. */
function sheetOf(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
