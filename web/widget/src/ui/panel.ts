// The open chat: head, state line, conversation, composer. Built when it is first opened.

import type { Desk } from "../core/desk.ts";
import type { Locale } from "../locale/locale.ts";
import { filled } from "../locale/tag.ts";
import { Composer } from "./composer.ts";
import { attribute, h, retext } from "./dom.ts";
import { icon, iconButton } from "./icons.ts";
import { Log } from "./log.ts";

/** A line that is back within this time was never worth a word. */
const CALM_MS = 1_200;

export class Panel {
  readonly element: HTMLElement;
  readonly #desk: Desk;
  readonly #locale: Locale;
  readonly #name: () => string;
  readonly #log: Log;
  readonly #composer: Composer;
  readonly #face = h("span", { class: "face", "aria-hidden": "true" });
  readonly #title = h("h2", { id: "title" });
  readonly #presence = h("p", { class: "presence" });
  readonly #sound: HTMLButtonElement;
  readonly #status = h("div", { class: "status", role: "status", part: "status", "data-testid": "status" });
  #faced = "";
  #awaySince = 0;
  #calm: ReturnType<typeof setTimeout> | undefined;

  constructor(desk: Desk, locale: Locale, name: () => string, close: () => void) {
    const { text } = locale;
    this.#desk = desk;
    this.#locale = locale;
    this.#name = name;
    this.#composer = new Composer(desk, locale);
    this.#log = new Log(desk, locale, (id) => {
      this.#composer.write(desk.takeBack(id));
      this.#composer.focus();
    });
    this.#log.onchosen = () => this.#composer.focus();
    this.#sound = iconButton("mute", { class: "plain sound", "data-testid": "sound" });
    this.#sound.onclick = () => desk.setSound(!desk.sound);
    const shut = iconButton("close", {
      class: "plain",
      "data-testid": "close",
      part: "close",
      "aria-label": text.close,
    });
    shut.onclick = close;
    const head = h(
      "header",
      { class: "head", part: "header" },
      this.#face,
      h("div", { class: "titles" }, this.#title, this.#presence),
      this.#sound,
      shut,
    );
    this.element = h(
      "section",
      {
        class: "panel",
        id: "panel",
        role: "dialog",
        "aria-labelledby": "title",
        part: "panel",
        "data-testid": "panel",
        tabindex: -1,
      },
      head,
      this.#status,
      this.#log.element,
      this.#composer.element,
    );
    this.element.onkeydown = (event) => {
      if (event.key === "Escape" && !event.isComposing) {
        event.stopPropagation();
        close();
      } else if (event.key === "Tab" && this.#fillsScreen) this.#keepFocus(event);
    };
  }

  /** Where a finger would bring up a keyboard over everything, the panel itself is focused. */
  focus(): void {
    if (matchMedia("(hover: hover) and (pointer: fine)").matches) this.#composer.focus();
    else this.element.focus({ preventScroll: true });
  }

  opened(): void {
    attribute(this.element, "aria-modal", this.#fillsScreen ? "true" : null);
    this.#log.toEnd();
  }

  update(fresh: boolean): void {
    const { conversation, face, refusal, sound } = this.#desk;
    const { name, brand } = face;
    const { text } = this.#locale;
    retext(this.#title, name ?? "");
    attribute(this.element, "aria-label", this.#name());
    attribute(this.element, "aria-labelledby", name ? "title" : null);
    const staff = conversation?.status === "with_staff" ? (conversation.assignee?.name ?? text.team) : null;
    const present = name && !refusal ? text.present : "";
    retext(this.#presence, staff ? filled(text.withStaff, { name: staff }) : present);
    this.#title.hidden = !name;
    if (refusal && this.#composer.element.matches(":focus-within")) this.element.focus({ preventScroll: true });
    this.#composer.element.hidden = refusal !== null;
    this.#wear(staff ?? name ?? "", staff ? null : (brand?.logo_url ?? null));
    attribute(this.#sound, "aria-pressed", String(sound));
    attribute(this.#sound, "aria-label", sound ? text.soundOff : text.soundOn);
    attribute(this.#sound, "title", sound ? text.soundOff : text.soundOn);
    const sign = sound ? "bell" : "mute";
    if (this.#sound.dataset.sign !== sign) {
      this.#sound.dataset.sign = sign;
      this.#sound.replaceChildren(icon(sign));
    }
    this.#say();
    this.#log.update(fresh);
    this.#composer.update();
  }

  get #fillsScreen(): boolean {
    return matchMedia("(max-width: 480px)").matches;
  }

  /** The hotel's sign, or the letters of whoever answers. */
  #wear(name: string, logo: string | null): void {
    if (this.#faced === name + logo) return;
    this.#faced = name + logo;
    this.#face.hidden = !name;
    const letters = name.split(/\s+/).map((word) => [...word][0] ?? "");
    const monogram = (letters.length > 1 ? [letters[0], letters.at(-1)] : letters).join("").toUpperCase();
    this.#face.replaceChildren(monogram);
    if (!logo?.startsWith("https://")) return;
    const image = h("img", { src: logo, alt: "", referrerpolicy: "no-referrer" });
    image.onload = () => this.#face.replaceChildren(image);
  }

  #say(): void {
    const { connection, conversation, hotel, opening, refusal } = this.#desk;
    const { text } = this.#locale;
    const away = connection === "offline" || connection === "unreachable";
    if (!away) this.#awaySince = 0;
    else if (!this.#awaySince) {
      this.#awaySince = Date.now();
      clearTimeout(this.#calm);
      this.#calm = setTimeout(() => this.#say(), CALM_MS + 20);
    }
    const lasting = away && (connection === "offline" || Date.now() - this.#awaySince >= CALM_MS);
    const wait = opening?.expected_wait;
    const lines: string[] = [];
    if (refusal) lines.push(text.refused);
    else if (lasting) lines.push(connection === "offline" ? text.offline : text.unreachable);
    else if (conversation?.status === "waiting_for_staff") {
      lines.push(text.waiting);
      if (wait?.status === "available")
        lines.push(this.#locale.count(text.wait, Math.max(1, Math.round(wait.minutes))));
      else if (hotel?.hours?.open_now === false) lines.push(this.#locale.hours(hotel));
    } else if (conversation?.status === "ended") lines.push(text.again);
    retext(this.#status, lines.join(" "));
    attribute(this.#status, "data-kind", refusal ? "refused" : lasting ? connection : (conversation?.status ?? "open"));
  }

  /** On a phone the chat covers the page: Tab goes round inside. */
  #keepFocus(event: KeyboardEvent): void {
    const root = this.element.getRootNode() as ShadowRoot;
    const stops = [...this.element.querySelectorAll<HTMLElement>("button, textarea, a[href], [tabindex='0']")].filter(
      (one) => one.offsetParent !== null,
    );
    const [first, last] = [stops[0], stops.at(-1)];
    const at = root.activeElement;
    if (event.shiftKey ? at === first || at === this.element : at === last) {
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
  }
}
