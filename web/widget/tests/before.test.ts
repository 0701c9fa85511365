// What an earlier page left decides whether the chat comes with the page or waits for the guest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { goesOn } from "../src/core/before.ts";

const NAME = "frontdesk:https://desk.example:lindenhof";
const LATER = Date.now() + 60_000;

/** A browser's storage with these keys; the keys are its own properties, as in a browser. */
function storage(kept: { readonly [key: string]: string }): Storage {
  const empty = Object.create({ getItem: (key: string) => kept[key] ?? null }) as Storage;
  return Object.assign(empty, kept);
}

function looked(kept: { readonly [key: string]: string }, tab: { readonly [key: string]: string } = {}, wide = true) {
  stand({ localStorage: () => storage(kept), sessionStorage: () => storage(tab) });
  Object.assign(globalThis, { matchMedia: () => ({ matches: wide }) });
  return goesOn(NAME);
}

function stand(globals: { readonly [name: string]: () => Storage }): void {
  for (const [name, get] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { configurable: true, get });
}

const notes = (of: object) => ({ [NAME]: JSON.stringify(of) });

test("a new guest has nothing that goes on", () => {
  assert.equal(looked({}), false);
  assert.equal(looked(notes({ sound: true, identity: { id: "booking-1" } })), false);
});

test("a conversation goes on as long as its guest's token holds", () => {
  assert.equal(looked(notes({ token: "t", expires: LATER, conversation: "c" })), true);
  assert.equal(looked(notes({ token: "t", expires: Date.now() - 1, conversation: "c" })), false);
  assert.equal(looked(notes({ token: "t", expires: LATER })), false);
});

test("what was written and not sent is sent, whoever wrote it", () => {
  assert.equal(looked({ [`${NAME}:unsent:1`]: "{}" }), true);
  assert.equal(looked({ "frontdesk:https://desk.example:harbour-house:unsent:1": "{}" }), false);
});

test("a chat that was open is open again, but not over a phone's page", () => {
  const kept = notes({ token: "t", expires: LATER });
  assert.equal(looked(kept, { [`${NAME}:open`]: "1" }), true);
  assert.equal(looked(kept, { [`${NAME}:open`]: "1" }, false), false);
  assert.equal(looked({}, { [`${NAME}:open`]: "1" }), false);
});

test("where storage is refused or holds nonsense nothing goes on", () => {
  const refused = () => {
    throw new Error("SecurityError");
  };
  stand({ localStorage: refused, sessionStorage: refused });
  assert.equal(goesOn(NAME), false);
  for (const nonsense of ["null", "[", "7", '"x"']) assert.equal(looked({ [NAME]: nonsense }), false);
});
