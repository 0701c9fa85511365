// What an earlier page left decides whether the chat comes with the page or waits for the guest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { goesOn, keepSaid, takeSaid } from "../src/core/before.ts";

const NAME = "frontdesk:https://desk.example:lindenhof";
const LATER = Date.now() + 60_000;

/** A browser's storage with these keys; the keys are its own properties, as in a browser. */
function storage(kept: { readonly [key: string]: string }): Storage {
  const empty = Object.create({ getItem: (key: string) => kept[key] ?? null }) as Storage;
  return Object.assign(empty, kept);
}

function looked(kept: { readonly [key: string]: string }) {
  stand({ localStorage: () => storage(kept) });
  return goesOn(NAME);
}

function stand(globals: { readonly [name: string]: () => Storage }): void {
  for (const [name, get] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { configurable: true, get });
}

const notes = (of: object) => ({ [NAME]: JSON.stringify(of) });

test("a new guest has nothing that goes on", () => {
  assert.equal(looked({}), false);
  assert.equal(looked(notes({ sound: true })), false);
});

test("a guest with a session that holds goes on", () => {
  assert.equal(looked(notes({ token: "t", expires: LATER })), true);
  assert.equal(looked(notes({ token: "t", expires: Date.now() - 1 })), false);
  for (const nonsense of ["soon", null, {}]) assert.equal(looked(notes({ token: "t", expires: nonsense })), false);
});

test("of whom a page has said something the chat is there, so that signing out is heard at once", () => {
  assert.equal(looked(notes({ identity: { id: "booking-1" } })), true);
});

test("what a page said of its guest before the chat was there is kept for it, and taken once", () => {
  const kept: Record<string, string> = {};
  const browser = Object.create({
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => Object.assign(kept, { [key]: value }),
    removeItem: (key: string) => delete kept[key],
  }) as Storage;
  stand({ localStorage: () => browser });
  for (const said of [{ id: "booking-1" }, null]) {
    keepSaid(NAME, said);
    assert.equal(looked(kept), true);
    stand({ localStorage: () => browser });
    assert.deepEqual(takeSaid(NAME), [said]);
    assert.deepEqual(takeSaid(NAME), []);
  }
  keepSaid(NAME, undefined);
  assert.deepEqual(takeSaid(NAME), []);
});

test("what was written and not sent is sent, whoever wrote it", () => {
  assert.equal(looked({ [`${NAME}:unsent:1`]: "{}" }), true);
  assert.equal(looked({ "frontdesk:https://desk.example:harbour-house:unsent:1": "{}" }), false);
});

test("where storage is refused or holds nonsense nothing goes on", () => {
  const refused = () => {
    throw new Error("SecurityError");
  };
  stand({ localStorage: refused });
  assert.equal(goesOn(NAME), false);
  keepSaid(NAME, null);
  assert.deepEqual(takeSaid(NAME), []);
  for (const nonsense of ["null", "[", "7", '"x"']) assert.equal(looked({ [NAME]: nonsense }), false);
});
