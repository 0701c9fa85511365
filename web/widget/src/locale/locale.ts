// Which language the widget speaks, and how it fills in names and numbers.

import type { Hotel } from "../core/protocol.ts";
import { ar } from "./ar.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import { it } from "./it.ts";
import { nl } from "./nl.ts";
import { pt } from "./pt.ts";
import type { Plural, Strings } from "./strings.ts";
import { base, filled, plainTag } from "./tag.ts";
import { zh } from "./zh.ts";

export const LANGUAGES: { readonly [tag: string]: Strings } = { en, de, es, fr, it, nl, pt, ar, zh };

export class Locale {
  readonly tag: string;
  readonly text: Strings;
  #plural: Intl.PluralRules | null = null;

  constructor(tag: string) {
    // `Intl` throws at tags such as en-US@posix, which some browsers have.
    this.tag = plainTag(tag);
    this.text = LANGUAGES[base(tag)] ?? en;
  }

  /** The form for a number, with it filled in. */
  count(forms: Plural, n: number): string {
    this.#plural ??= new Intl.PluralRules(base(this.tag));
    return filled(forms[this.#plural.select(n)] ?? forms.other, { n: new Intl.NumberFormat(this.tag).format(n) });
  }

  /** The time of day, with the day when that is another than today's; in the guest's zone, or the one named (IANA). */
  time(at: string, timeZone?: string, now = new Date()): string {
    const zone = timeZone ? { timeZone } : {};
    const day = new Intl.DateTimeFormat(this.tag, { day: "numeric", month: "short", ...zone });
    const then = new Date(at);
    const clock = { hour: "numeric", minute: "2-digit", ...zone } as const;
    if (day.format(then) === day.format(now)) return new Intl.DateTimeFormat(this.tag, clock).format(then);
    return new Intl.DateTimeFormat(this.tag, { ...clock, day: "numeric", month: "short" }).format(then);
  }

  /** When people answer, in the hotel's own time; nothing when the hotel does not say. */
  hours(hotel: Hotel | null): string {
    const { hours, time_zone } = hotel ?? {};
    const at = hours?.open_now ? hours.closes_at : hours?.opens_at;
    if (!at || hours?.open_now === null) return "";
    try {
      return filled(hours?.open_now ? this.text.teamUntil : this.text.teamFrom, { time: this.time(at, time_zone) });
    } catch {
      return ""; // a zone that this browser does not know
    }
  }
}
