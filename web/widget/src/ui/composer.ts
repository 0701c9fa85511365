// Where the guest writes.

import type { Desk } from "../core/desk.ts";
import type { Locale } from "../locale/locale.ts";
import { attribute, h } from "./dom.ts";
import { iconButton } from "./icons.ts";

/** As the conversation service allows. */
const MOST_CHARACTERS = 4000;

export class Composer {
  readonly element: HTMLFormElement;
  readonly #field: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #desk: Desk;

  constructor(desk: Desk, locale: Locale) {
    const { text } = locale;
    this.#desk = desk;
    this.#field = h("textarea", {
      rows: 1,
      maxlength: MOST_CHARACTERS,
      placeholder: text.placeholder,
      "aria-label": text.field,
      "data-testid": "composer",
      part: "composer",
      enterkeyhint: "send",
      autocomplete: "off",
    });
    this.#send = iconButton("send", {
      type: "submit",
      class: "send",
      part: "send",
      "data-testid": "send",
      "aria-label": text.send,
    });
    this.element = h("form", { class: "composer" }, this.#field, this.#send);
    this.element.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.#field.oninput = () => {
      this.#desk.draft = this.#field.value;
      this.#fit();
      if (this.#field.value.trim()) this.#desk.types();
    };
    this.#field.onkeydown = (event) => {
      // Enter that ends the choice of a Chinese word is no Enter of ours.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    };
    this.#show(desk.draft);
  }

  focus(): void {
    this.#field.focus({ preventScroll: true });
  }

  /** Put a text there to be gone on with. */
  write(text: string): void {
    this.#desk.draft = text;
    this.#show(text);
  }

  /** Another guest finds nothing of the last one's. */
  update(): void {
    if (this.#field.value && !this.#desk.draft) this.#show("");
  }

  #show(text: string): void {
    this.#field.value = text;
    this.#fit();
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (!text) return;
    this.#desk.say(text);
    this.write("");
    this.focus();
  }

  #fit(): void {
    const lines = this.#field.value.split("\n").length;
    // Browsers with `field-sizing` do it better; the others grow by the lines the guest makes.
    this.#field.rows = Math.min(6, lines);
    // An empty field runs the way of the page's language, not from left to right as `auto` would have it.
    attribute(this.#field, "dir", this.#field.value ? "auto" : null);
    attribute(this.#send, "aria-disabled", this.#field.value.trim() ? null : "true");
  }
}
