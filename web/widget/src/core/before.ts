// What an earlier page has left, read without the chat's own files: whether the chat is needed before anybody asks for it.

import type { Kept } from "./session.ts";

/**
 * Whether a conversation goes on, something that was written is not sent, or the chat was open on the page before.
 * A careless look: what says yes here is looked at again, closer, by the chat. `name` is that of the kept notes.
 */
export function goesOn(name: string): boolean {
  try {
    const kept = localStorage;
    if (Object.keys(kept).some((key) => key.startsWith(`${name}:unsent:`))) return true;
    const notes = JSON.parse(kept.getItem(name) ?? "{}") as Partial<Kept> | null;
    if (!notes?.token || !(Number(notes.expires) > Date.now())) return false;
    return !!notes.conversation || (!!sessionStorage.getItem(`${name}:open`) && isWide());
  } catch {
    return false; // storage is refused, or what is kept can't be read: then nothing goes on
  }
}

/** Whether an open chat leaves room for the page. */
export function isWide(): boolean {
  return matchMedia("(min-width: 481px)").matches;
}
