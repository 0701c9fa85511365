// Language tags and slots: what the launcher and the chat both need of a language.

import { CLOSED } from "./closed.ts";

/** The first of the tags whose language we speak, whole (`de-AT`); English when there is none. */
export function chosen(tags: readonly (string | null | undefined)[]): string {
  return tags.find((tag): tag is string => !!tag && base(tag) in CLOSED) ?? "en";
}

/** A browser's tag as the services take it: language, script, region (`de-AT`); the rest left out. */
export function plainTag(tag: string): string {
  return /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3})(?![A-Za-z\d]))?/.exec(tag)?.[0] ?? "en";
}

/** A text with its `{slots}` filled. */
export function filled(text: string, slots: { readonly [name: string]: string }): string {
  return text.replace(/\{(\w+)\}/g, (slot, name: string) => slots[name] ?? slot);
}

/** The language of a tag, without script and region. */
export function base(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}

/** Which way the language of a tag runs. */
export function direction(tag: string): "ltr" | "rtl" {
  return base(tag) === "ar" ? "rtl" : "ltr";
}
