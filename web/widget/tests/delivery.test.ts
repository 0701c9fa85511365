// Messages are brought to the server in order, each until it is acknowledged, and never around an ended conversation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Delivery, type Outcome } from "../src/core/delivery.ts";
import { Outbox } from "../src/core/outbox.ts";
import type { Problem } from "../src/core/protocol.ts";
import { Memory } from "../src/core/storage.ts";

const refused = (slug: string, status: number): Outcome => ({
  problem: { type: `urn:frontdesk:problem:${slug}`, title: slug, status } as Problem,
});

function desk(...texts: string[]) {
  const outbox = new Outbox(new Memory(), "unsent:");
  for (const text of texts) outbox.add(text);
  const told: string[] = [];
  const delivery = new Delivery(outbox, {
    taken: (taken) => told.push(taken ? "taken" : "not taken"),
    sent: (message, seq) => told.push(`sent ${message.text} as ${seq}`),
    failed: (message) => told.push(`failed ${message.text}`),
    isOver: () => false,
    over: () => told.push("over"),
  });
  const waiting = () => outbox.all().map((one) => one.text);
  return { delivery, told, waiting };
}

test("what waits is sent in order and is gone when it is acknowledged", async () => {
  const { delivery, told, waiting } = desk("one", "two");
  let seq = 0;
  await delivery.all(() => Promise.resolve({ seq: ++seq }));
  assert.deepEqual(told, ["taken", "sent one as 1", "taken", "sent two as 2"]);
  assert.deepEqual(waiting(), []);
});

test("a message that nobody knows the fate of is kept, and what follows it waits", async () => {
  const { delivery, waiting } = desk("one", "two");
  await delivery.all(() => Promise.resolve("lost"));
  assert.deepEqual(waiting(), ["one", "two"]);
});

test("a server that has no time gets the same message again before the next one", async () => {
  const { delivery, told, waiting } = desk("one", "two");
  const tried: string[] = [];
  await delivery.all((message) => {
    tried.push(message.text);
    return Promise.resolve(tried.length === 1 ? refused("unavailable", 503) : { seq: tried.length });
  });
  assert.deepEqual(tried, ["one", "one", "two"]);
  assert.deepEqual(told.slice(0, 3), ["not taken", "taken", "sent one as 2"]);
  assert.deepEqual(waiting(), []);
});

test("what an ended conversation refuses is kept for the next one", async () => {
  const { delivery, told, waiting } = desk("one");
  await delivery.all(() => Promise.resolve(refused("conversation-ended", 409)));
  assert.deepEqual(told, ["over"]);
  assert.deepEqual(waiting(), ["one"]);
});

test("a message that will never be taken does not hold up the next", async () => {
  const { delivery, told } = desk("bad", "good");
  await delivery.all((message) => Promise.resolve(message.text === "bad" ? refused("validation", 422) : { seq: 1 }));
  assert.deepEqual(told, ["failed bad", "taken", "sent good as 1"]);
});

test("an acknowledgement of something else is not taken for one's own", async () => {
  const { delivery } = desk();
  const outcome = delivery.expect("own", () => true, assert.fail);
  delivery.heard("other", { seq: 1 });
  delivery.heard("own", { seq: 2 });
  assert.deepEqual(await outcome, { seq: 2 });
  const lost = delivery.expect("own", () => true, assert.fail);
  delivery.heard(undefined, "lost");
  assert.equal(await lost, "lost");
});

test("a frame that the server could not read was the message; other refusals without an id are about something else", async () => {
  const { delivery } = desk();
  const outcome = delivery.expect("own", () => true, assert.fail);
  delivery.heard(undefined, refused("unauthenticated", 401));
  delivery.heard(undefined, refused("too-many-requests", 429));
  delivery.heard(undefined, refused("malformed", 400));
  assert.deepEqual(await outcome, refused("malformed", 400));
});

test("a message that timed out on the way is sent again", async () => {
  const { delivery, waiting } = desk("one");
  let tries = 0;
  await delivery.all(() => Promise.resolve(++tries === 1 ? refused("request-timeout", 408) : { seq: 1 }));
  assert.deepEqual([tries, waiting()], [2, []]);
});
