// <front-desk-widget> with the launcher in it: all that is drawn before a guest opens the chat, which then moves in here.

import type { Face } from "./core/protocol.ts";
import type { Closed } from "./locale/closed.ts";
import { filled } from "./locale/tag.ts";
import { brandOf } from "./ui/colours.ts";
import { attribute, drawing, h, sheetOf } from "./ui/dom.ts";
import style from "./ui/launcher.css";

const CHAT =
  "M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.2 4.5 3.2 5.9-.1 1.2-.6 2.3-1.4 3.2 1.7-.1 3.3-.7 4.6-1.7.8.2 1.7.3 2.6.3 5 0 9-3.4 9-7.7s-4-7.7-9-7.7ZM8 11.2h.01M12 11.2h.01M16 11.2h.01";

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

export class Launcher {
  readonly element = new Place();
  readonly shadow = this.element.attachShadow({ mode: "open" });
  readonly button = h(
    "button",
    { type: "button", class: "launcher", part: "launcher", "data-testid": "launcher", "aria-expanded": "false" },
    drawing(CHAT),
  );
  readonly root: HTMLElement;
  readonly #words: Closed;
  #colour: string | undefined;
  /** Draw what is known by now; the chat, once it is there, has more to draw and does it in this place. */
  draw: (face: Face) => void = (face) => {
    attribute(this.button, "aria-label", this.name(face));
    this.dress(face);
  };

  constructor(words: Closed, attributes: { readonly lang: string; readonly dir: string; readonly position: string }) {
    const { lang, dir, position } = attributes;
    this.#words = words;
    this.root = h("div", { class: "root", dir, lang, "data-position": position }, this.button);
    this.shadow.adoptedStyleSheets = [sheetOf(style)];
    this.shadow.append(this.root);
    this.element.onarrive = () => undefined;
  }

  /** What the chat is called. */
  name({ name }: Face): string {
    return name ? filled(this.#words.chat, { hotel: name }) : this.#words.open;
  }

  /** Wear the brand's colour. */
  dress({ brand: worn }: Face): void {
    const colour = worn?.colour;
    if (colour === this.#colour) return;
    this.#colour = colour;
    const [brand, on] = brandOf(colour);
    this.root.style.setProperty("--brand", brand);
    this.root.style.setProperty("--on-brand", on);
  }

  /** Show that the guest was heard, while the chat is on its way. */
  busy(is: boolean): void {
    attribute(this.button, "aria-busy", is ? "true" : null);
  }
}
