// What an earlier page has left, read without the chat's own files: whether the chat is needed before anybody asks for it.

import type { Kept } from "./session.ts";

/**
 * Whether a guest is known who has a session or of whom a page has said something, or something is to be sent or said yet.
 * A careless look: what says yes here is looked at again, closer, by the chat. `name` is that of the kept notes.
 */
export function goesOn(name: string): boolean {
  try {
    if (Object.keys(localStorage).some((key) => key.startsWith(`${name}:`))) return true;
    const { identity, expires } = JSON.parse(localStorage.getItem(name) ?? "{}") as Partial<Kept>;
    return !!identity || (expires as number) > Date.now(); // nothing is greater than no number
  } catch {
    return false; // storage is refused, or what is kept can't be read: then nothing goes on
  }
}

/** Keep what the page says of its guest, until the chat has heard it: the page may leave before that. */
export function keepSaid(name: string, details: unknown): void {
  try {
    localStorage.setItem(`${name}:identify`, JSON.stringify(details));
  } catch {
    // Storage is refused: then it holds for this page.
  }
}

/** What `keepSaid` has kept, once: as the arguments of a call, none when there is nothing. */
export function takeSaid(name: string): unknown[] {
  try {
    const key = `${name}:identify`;
    const said = localStorage.getItem(key);
    localStorage.removeItem(key);
    return said === null ? [] : [JSON.parse(said)];
  } catch {
    return [];
  }
}
