// The widget's core as a whole, against a service that answers late, wrongly or about somebody else.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation, Message } from "../src/core/protocol.ts";
import { Browser, Memory } from "../src/core/storage.ts";
import { held, NAME, put, refusal, World } from "./world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const UNAVAILABLE = { status: 503, body: { error: "no healthy upstream" } };

const texts = (desk: { entries: readonly { message: Message }[] }) => desk.entries.map(({ message }) => message.text);
const heard = (world: World) =>
  world.told.filter(({ event }) => event === "message").map(({ detail }) => (detail as Message).text);

/** A tab in which a guest has said something that the service has. */
async function talking(world = new World(), text = "Hello") {
  const desk = world.tab();
  desk.say(text);
  await world.pass(1_000);
  assert.deepEqual(world.saidBy("guest-1"), [text]);
  return { world, desk };
}

// Another guest at the same device

test("another guest does not find what the last one has written and not sent", () => {
  const desk = new World().tab();
  desk.draft = "my card number is";
  desk.identify(null);
  assert.equal(desk.draft, "");
});

test("another guest in one tab is another guest in the others too, also in what they were about to send", async () => {
  const { world, desk } = await talking();
  const other = world.tab();
  other.connect();
  await world.pass(1_000);
  other.draft = "half a";
  world.live = false;
  for (const line of world.sockets) line.end(1006);
  world.instead = () => refusal("unavailable", 503);
  other.say("private");
  await world.pass(1_000);
  desk.identify(null);
  await world.pass(1_000);
  assert.deepEqual(texts(other), []);
  assert.equal(other.draft, "");
  world.live = true;
  world.instead = () => undefined;
  other.say("I am somebody else");
  await world.pass(20_000);
  assert.deepEqual(world.saidBy("guest-1"), ["Hello"]);
  assert.deepEqual(world.saidBy("guest-2"), ["I am somebody else"]);
});

test("a token that is renewed while another guest comes is not kept for them", async () => {
  const { world, desk } = await talking();
  await world.pass(5 * HOUR);
  const { until, go } = held();
  let renewing = 0;
  world.instead = (call) => {
    if (call.what !== "POST /widget/sessions" || call.guest !== "guest-1") return undefined;
    renewing += 1;
    return until.then(() => {
      world.instead = () => undefined;
      return {
        status: 201,
        body: { token: "head.e30.late", guest_id: "guest-1", expires_at: "2027-01-01T00:00:00Z", hotel: {} },
      };
    });
  };
  await world.pass(2 * HOUR);
  assert.equal(renewing, 1);
  desk.identify(null);
  go();
  await world.pass(100);
  assert.notEqual(world.kept.token, "head.e30.late");
  desk.say("I am somebody else");
  await world.pass(5_000);
  assert.deepEqual(world.saidBy("guest-2"), ["I am somebody else"]);
});

test("a conversation that begins while another guest comes is not theirs", async () => {
  const world = new World();
  const desk = world.tab();
  const { until, go } = held();
  const late = { id: crypto.randomUUID(), guest_id: "guest-1", status: "open", assignee: null, last_seq: 0 };
  world.instead = (call) =>
    call.what === "POST /widget/conversations" && call.guest === "guest-1"
      ? until.then(() => ({ status: 201, body: late }))
      : undefined;
  desk.say("private");
  await world.pass(1_000);
  desk.identify(null);
  go();
  await world.pass(100);
  assert.notEqual(world.kept.conversation, late.id);
  desk.say("I am somebody else");
  await world.pass(5_000);
  assert.deepEqual(world.saidBy("guest-2"), ["I am somebody else"]);
  assert.equal(world.sockets.filter((line) => line.id === late.id).length, 0);
});

test("over HTTP nothing of another guest is sent as the last one", async () => {
  const world = new World();
  world.live = false;
  const { desk } = await talkingOverHttp(world);
  world.instead = (call) =>
    call.what.startsWith("POST /widget/conversations/ID") ? refusal("too-many-requests", 429) : undefined;
  desk.say("private");
  await world.pass(3_100);
  assert.ok(world.count("POST /widget/conversations/ID/messages") > 1, "it was tried");
  world.instead = () => undefined;
  desk.identify(null);
  desk.say("I am somebody else");
  await world.pass(20_000);
  assert.deepEqual(world.saidBy("guest-1"), ["Hello"]);
  assert.deepEqual(world.saidBy("guest-2"), ["I am somebody else"]);
});

// The device

for (const [how, aheadMs] of [
  ["two days behind", 48 * HOUR],
  ["two days ahead", -48 * HOUR],
] as const) {
  test(`a device whose clock is ${how} is served, and its token is renewed in time`, async () => {
    const world = new World();
    world.aheadMs = aheadMs;
    await talking(world);
    assert.equal(world.count("POST /widget/sessions"), 1);
    await world.pass(7 * HOUR);
    assert.equal(world.count("POST /widget/sessions"), 2);
  });
}

test("where the browser refuses storage, locks and channels the guest is served all the same", async () => {
  const world = new World();
  const refuse = () => {
    throw new DOMException("refused", "SecurityError");
  };
  put(
    "BroadcastChannel",
    class {
      constructor() {
        refuse();
      }
    },
  );
  put("navigator", { onLine: true, locks: { request: async () => refuse() } });
  const desk = world.tab(new Browser(refuse));
  desk.say("Hello");
  await world.pass(1_000);
  assert.deepEqual(world.saidBy("guest-1"), ["Hello"]);
});

test("a session that is refused behind a lock is not asked for twice", async () => {
  const world = new World();
  put("navigator", { onLine: true, locks: { request: (_: string, work: () => Promise<void>) => work() } });
  world.instead = () => refusal("origin-not-allowed", 403);
  world.tab().connect();
  await world.pass(1_000);
  assert.equal(world.count("POST /widget/sessions"), 1);
});

test("what somebody else has put into the storage keeps nobody from talking", async () => {
  const world = new World();
  world.keep.set(NAME, JSON.stringify({ token: "a\nb", expires: "never", conversation: "../../x", seen: "all" }));
  world.keep.set(`${NAME}:unsent:1`, JSON.stringify({ id: "1", text: "no time" }));
  world.keep.set(`${NAME}:unsent:2`, JSON.stringify({ id: "2", text: "no time at all", at: 1e300 }));
  const { desk } = await talking(world);
  assert.deepEqual(texts(desk), ["Hello"]);
});

// Over HTTP

async function talkingOverHttp(world: World) {
  world.live = false;
  const desk = world.tab();
  desk.say("Hello");
  await world.pass(12_000);
  assert.deepEqual(world.saidBy("guest-1"), ["Hello"]);
  return { world, desk };
}

for (const answer of [UNAVAILABLE, { status: 408, body: { type: 1 } }]) {
  test(`over HTTP a message that ${answer.status} answers is kept and sent again, whoever said it`, async () => {
    const { world, desk } = await talkingOverHttp(new World());
    world.instead = (call) => (call.what.startsWith("POST /widget/conversations/ID") ? answer : undefined);
    desk.say("Are you there?");
    await world.pass(5_000);
    assert.deepEqual(desk.entries.map((entry) => entry.delivery).slice(1), ["waiting"]);
    world.instead = () => undefined;
    await world.pass(20_000);
    assert.deepEqual(world.saidBy("guest-1"), ["Hello", "Are you there?"]);
  });
}

test("where no WebSocket comes through none is tried for a minute, and answers come every few seconds", async () => {
  const { world, desk } = await talkingOverHttp(new World());
  assert.equal(world.sockets.length, 1);
  world.reply("At once.");
  await world.pass(4_000);
  assert.deepEqual(texts(desk), ["Hello", "At once."]);
  await world.pass(40_000);
  assert.equal(world.sockets.length, 1);
  world.live = true;
  await world.pass(30_000);
  assert.equal(world.sockets.length, 2);
  world.reply("Live again.");
  await world.pass(200);
  assert.deepEqual(texts(desk), ["Hello", "At once.", "Live again."]);
});

test("a service that is away altogether does not keep the widget from a WebSocket when it is back", async () => {
  const { world, desk } = await talking();
  world.live = false;
  world.instead = () => UNAVAILABLE;
  world.sockets[0]?.end(1006);
  await world.pass(30_000);
  world.live = true;
  world.instead = () => undefined;
  await world.pass(20_000);
  assert.equal(desk.connection, "online");
  world.reply("Back.");
  await world.pass(200);
  assert.deepEqual(texts(desk), ["Hello", "Back."]);
});

test("over HTTP a conversation that has ended is shown as ended, and the next message begins a new one", async () => {
  const { world, desk } = await talkingOverHttp(new World());
  const first = world.kept.conversation;
  world.turns({ status: "with_staff", assignee: { name: "Sam" } });
  await world.pass(4_000);
  assert.equal(desk.conversation?.status, "with_staff");
  world.turns({ status: "ended" });
  await world.pass(4_000);
  assert.equal(desk.conversation?.status, "ended");
  const states = world.told
    .filter(({ event }) => event === "state")
    .map(({ detail }) => (detail as Conversation).status);
  assert.equal(states.at(-1), "ended");
  await world.pass(10_000);
  assert.equal(world.count("POST /widget/conversations"), 1, "none begins by itself");
  desk.say("One more thing");
  await world.pass(12_000);
  assert.notEqual(world.kept.conversation, first);
  assert.deepEqual(world.saidBy("guest-1"), ["Hello", "One more thing"]);
});

test("over HTTP a conversation that the service does not know any more is forgotten, and what waits begins a new one", async () => {
  const { world, desk } = await talkingOverHttp(new World());
  const gone = world.kept.conversation;
  world.instead = (call) =>
    call.what === "GET /widget/conversations/ID/messages" ? refusal("not-found", 404) : undefined;
  await world.pass(4_000);
  world.instead = () => undefined;
  await world.pass(4_000);
  assert.equal(world.kept.conversation, undefined);
  assert.equal(desk.refusal, null);
  world.turns({ status: "ended" });
  desk.say("Still me");
  await world.pass(12_000);
  assert.ok(world.kept.conversation);
  assert.ok(world.saidBy("guest-1").includes("Still me"));
  assert.ok(gone);
});

// What the page hears

test("what was said before this page is no news; what comes then is, also what a lost line has kept back", async () => {
  const { world } = await talking();
  world.reply("one");
  await world.pass(1_000);
  assert.deepEqual(heard(world), ["Hello", "one"]);
  world.told.length = 0;
  const next = world.tab();
  next.connect();
  await world.pass(1_000);
  assert.deepEqual(texts(next), ["Hello", "one"]);
  assert.deepEqual(heard(world), []);
});

test("what came while the line was lost is news when it is back", async () => {
  const { world, desk } = await talking();
  world.live = false;
  world.instead = () => UNAVAILABLE;
  for (const line of world.sockets) line.end(1006);
  world.reply("meanwhile");
  await world.pass(5_000);
  assert.deepEqual(heard(world), ["Hello"]);
  world.live = true;
  world.instead = () => undefined;
  await world.pass(30_000);
  assert.deepEqual(texts(desk), ["Hello", "meanwhile"]);
  assert.deepEqual(heard(world), ["Hello", "meanwhile"]);
});

test("what another tab has shown is no news in a tab that hears of it later", async () => {
  const { world, desk } = await talking();
  const other = world.tab();
  other.connect();
  await world.pass(1_000);
  const [, late] = world.sockets;
  const onmessage = late?.onmessage;
  if (late) late.onmessage = null;
  const message = world.reply("seen elsewhere");
  await world.pass(100);
  desk.saw();
  world.told.length = 0;
  onmessage?.({ data: JSON.stringify({ type: "message", message }) });
  assert.deepEqual(texts(other), ["Hello", "seen elsewhere"]);
  assert.deepEqual(heard(world), []);
  assert.equal(other.unread, 0);
});

// A hotel that is not served

test("a hotel that is suspended while something waits is not asked again before the guest opens the chat anew", async () => {
  const { world, desk } = await talking();
  world.live = false;
  world.instead = () => refusal("hotel-suspended", 403);
  for (const line of world.sockets) line.end(4403);
  desk.say("Hello?");
  await world.pass(5_000);
  assert.equal(desk.connection, "refused");
  const [sockets, calls] = [world.sockets.length, world.calls.length];
  await world.pass(5 * MINUTE);
  assert.deepEqual([world.sockets.length, world.calls.length], [sockets, calls]);
  world.live = true;
  world.instead = () => undefined;
  desk.connect();
  await world.pass(5_000);
  assert.deepEqual(world.saidBy("guest-1"), ["Hello", "Hello?"]);
});

test("what an earlier page has not got rid of is known to the next one, and sent once it is in touch", async () => {
  const world = new World();
  world.instead = () => UNAVAILABLE;
  world.tab().say("Hello");
  await world.pass(1_000);
  const next = new World();
  for (const key of world.keep.keys("")) next.keep.set(key, world.keep.get(key) ?? "");
  const desk = next.tab();
  assert.equal(desk.known, "no");
  assert.ok(desk.hasUnsent);
  desk.connect();
  await next.pass(1_000);
  assert.deepEqual(next.saidBy("guest-1"), ["Hello"]);
  assert.ok(!desk.hasUnsent);
  assert.ok(!new World().tab(new Memory()).hasUnsent);
});
