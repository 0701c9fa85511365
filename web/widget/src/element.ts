// The chat in <front-desk-widget>: adopts the launcher that is there, and builds the panel when it is first opened.

import type { Desk } from "./core/desk.ts";
import type { Listeners } from "./core/events.ts";
import { Browser } from "./core/storage.ts";
import type { Launcher } from "./launcher.ts";
import type { Locale } from "./locale/locale.ts";
import { attribute, h, retext, sheetOf } from "./ui/dom.ts";
import { icon } from "./ui/icons.ts";
import panelStyle from "./ui/panel.css";
import { Panel } from "./ui/panel.ts";
import { chime } from "./ui/sound.ts";

/** So long another tab may take to say that its guest is reading what has just come. */
const READ_ELSEWHERE_MS = 500;

export class FrontDeskWidget {
  readonly #desk: Desk;
  readonly #locale: Locale;
  readonly #listeners: Listeners;
  readonly #launcher: Launcher;
  readonly #tab = new Browser(() => sessionStorage);
  readonly #badge = h("span", {
    class: "unread",
    part: "unread",
    "data-testid": "unread",
    "aria-hidden": "true",
    hidden: true,
  });
  #panel: Panel | null = null;
  /** Listeners of the page's, which end when the widget is taken off it. */
  #offPage = new AbortController();
  #due = false;

  constructor(desk: Desk, locale: Locale, listeners: Listeners, launcher: Launcher) {
    this.#desk = desk;
    this.#locale = locale;
    this.#listeners = listeners;
    this.#launcher = launcher;
    launcher.button.append(icon("down"), this.#badge);
    launcher.button.onclick = () => (this.isOpen ? this.close() : this.open());
    launcher.draw = () => this.#draw();
    launcher.element.onarrive = () => this.#arrive();
    launcher.element.onleave = () => this.#offPage.abort();
    desk.onchange = () => this.#change();
    listeners.on("message", (message) => {
      if (message.sender === "guest" || !desk.sound) return;
      setTimeout(() => desk.unread && !this.#isRead && chime(), READ_ELSEWHERE_MS);
    });
    if (launcher.element.isConnected) this.#arrive();
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
      const name = () => this.#launcher.name(this.#desk.face);
      this.#panel = new Panel(this.#desk, this.#locale, name, () => this.close());
      this.#launcher.root.prepend(this.#panel.element);
      this.#launcher.shadow.adoptedStyleSheets.push(sheetOf(panelStyle));
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
    const focused = this.#launcher.shadow.activeElement;
    this.#panel.element.hidden = true;
    this.#tab.remove(this.#key);
    this.#draw();
    if (focused) this.#launcher.button.focus({ preventScroll: true });
    this.#listeners.emit("close", undefined);
  }

  /** Open again what was open on the page before; on a phone it would cover what the guest came for. */
  resume(): void {
    if (this.#tab.get(this.#key) && matchMedia("(min-width: 481px)").matches) this.open(true);
  }

  /** Whether the guest has the conversation before them. */
  get #isRead(): boolean {
    return this.isOpen && this.#launcher.element.isConnected && document.visibilityState === "visible";
  }

  get #key(): string {
    return `${this.#desk.config.name}:open`;
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
    const { face, unread } = this.#desk;
    const { button, root } = this.#launcher;
    const { text } = this.#locale;
    const open = this.isOpen;
    if (this.#isRead) this.#desk.saw();
    this.#fit();
    attribute(root, "data-open", open);
    attribute(button, "aria-expanded", String(open));
    attribute(button, "aria-controls", this.#panel ? "panel" : null);
    const name = open ? text.close : this.#launcher.name(face);
    attribute(button, "aria-label", !open && unread ? `${name}, ${this.#locale.count(text.unread, unread)}` : name);
    this.#badge.hidden = open || unread === 0;
    retext(this.#badge, unread > 9 ? "9+" : String(unread));
    if (open) this.#panel?.update(this.#isRead);
  }

  /** The brand's colour, and on a phone the height that the keyboard leaves. */
  #fit(): void {
    this.#launcher.dress(this.#desk.face);
    const view = window.visualViewport;
    const fits = this.isOpen && view && view.scale === 1;
    const style = this.#panel?.element.style;
    style?.setProperty("--seen", fits ? `${Math.round(view.height)}px` : "");
    style?.setProperty("--top", fits ? `${Math.round(view.offsetTop)}px` : "");
  }
}
