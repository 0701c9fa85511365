// Answers come to the eye word by word. The whole text is in the page at once: nothing shifts, and screen readers get
// it in one piece.

import { type Part, partsOf } from "../core/text.ts";
import { h } from "./dom.ts";

/** All of a text is to be seen after so long. */
const WHOLE_MS = 400;
const WORD_MS = 160;

/** Fill `into` with a text, links and all; what follows the first `shown` characters fades in when `moving`. */
export function write(into: Element, text: string, newTab: string, shown = text.length, moving = false): void {
  const words: HTMLElement[] = [];
  let at = 0;
  const nodes = partsOf(text).flatMap((part): (Node | string)[] => {
    const begins = at;
    at += part.text.length;
    if (!moving || at <= shown) return [node(part, newTab)];
    if (part.href) return [kept(words, node(part, newTab))];
    const split = Math.max(0, shown - begins);
    return [
      part.text.slice(0, split),
      ...(part.text.slice(split).match(/\s*\S+|\s+/gu) ?? []).map((word) => kept(words, h("span", {}, word))),
    ];
  });
  into.replaceChildren(...nodes);
  const step = Math.min(24, (WHOLE_MS - WORD_MS) / Math.max(1, words.length));
  words.forEach((word, index) => {
    word.animate(
      { opacity: [0, 1] },
      { duration: WORD_MS, delay: index * step, fill: "backwards", easing: "ease-out" },
    );
  });
}

/** Whether this guest wants things to move. */
export function moves(): boolean {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function kept(words: HTMLElement[], node: HTMLElement | string): Node | string {
  if (typeof node !== "string") words.push(node);
  return node;
}

function node(part: Part, newTab: string): HTMLElement | string {
  if (!part.href) return part.text;
  const outside = part.href.startsWith("http");
  const rel = outside ? { target: "_blank", rel: "noopener noreferrer nofollow" } : {};
  const link = h("a", { href: part.href, ...rel }, part.text);
  if (outside) link.append(h("span", { class: "sr" }, ` ${newTab}`));
  return link;
}
