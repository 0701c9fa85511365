// The conversation on the screen: everything once, in the order of the server, whichever way and whenever it came.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Sender } from "../src/core/protocol.ts";
import { type Entry, Thread } from "../src/core/thread.ts";

const CONVERSATION = "c1";

function said(seq: number, sender: Sender = "ai", conversation_id = CONVERSATION): Message {
  return {
    id: `${conversation_id}-${seq}`,
    conversation_id,
    seq,
    sender,
    text: `text ${seq}`,
    sent_at: "2026-05-01T10:00:00Z",
  };
}

function begun(...seqs: number[]): Thread {
  const thread = new Thread();
  thread.begin(CONVERSATION);
  for (const seq of seqs) thread.receive(said(seq));
  return thread;
}

const shown = (thread: Thread, unsent: { id: string; text: string; at: number }[] = [], online = true): Entry[] =>
  thread.entries(unsent, online, new Set());
const seqs = (thread: Thread) => shown(thread).map((entry) => entry.message.seq);

test("messages are shown in the server's order, each once, however they come", () => {
  assert.deepEqual(seqs(begun(3, 1, 2, 1, 3, 5, 4)), [1, 2, 3, 4, 5]);
});

test("after a lost connection it goes on behind the last message up to which nothing is missing", () => {
  assert.equal(begun().receivedSeq, 0);
  assert.equal(begun(1, 2, 4, 5).receivedSeq, 2);
  assert.equal(begun(1, 2, 4, 5, 3).receivedSeq, 5);
});

test("a message that was acknowledged stays where it is, but counts as received only when it came back", () => {
  const thread = begun(1);
  thread.acknowledge({ id: "own", text: "my card is 4111 1111 1111 1111", at: 0 }, 2);
  assert.deepEqual(seqs(thread), [1, 2]);
  assert.equal(thread.receivedSeq, 1);
  const stored = { ...said(2, "guest"), id: "own", text: "my card is ****" };
  assert.equal(thread.receive(stored), true);
  assert.equal(thread.receivedSeq, 2);
  assert.equal(shown(thread).at(-1)?.message.text, "my card is ****");
  assert.equal(thread.receive(stored), false);
});

test("what is unsent stands last and says whether it is on its way", () => {
  const unsent = [{ id: "own", text: "hello", at: 0 }];
  assert.equal(shown(begun(1), unsent).at(-1)?.delivery, "sending");
  assert.equal(shown(begun(1), unsent, false).at(-1)?.delivery, "waiting");
});

test("a message that came back from the server is not shown as unsent too", () => {
  const thread = begun(1);
  thread.receive({ ...said(2, "guest"), id: "own" });
  assert.deepEqual(
    shown(thread, [{ id: "own", text: "hello", at: 0 }]).map((entry) => entry.delivery),
    [null, "sent"],
  );
});

test("the guest's messages are read up to where the desk has read", () => {
  const thread = new Thread();
  thread.begin(CONVERSATION);
  for (const seq of [1, 2, 3]) thread.receive(said(seq, "guest"));
  thread.readByDesk(CONVERSATION, 2);
  thread.readByDesk(CONVERSATION, 1);
  const ticks = () => shown(thread).map((entry) => entry.delivery);
  assert.deepEqual(ticks(), ["read", "read", "sent"]);
  thread.begin("c2");
  assert.deepEqual(ticks(), ["read", "read", "sent"]);
});

test("a new conversation follows the one before it; only the new one is gone on with", () => {
  const thread = begun(1, 2);
  thread.begin("c2");
  thread.receive(said(1, "ai", "c2"));
  assert.deepEqual(
    shown(thread).map((entry) => entry.id),
    ["c1-1", "c1-2", "c2-1"],
  );
  assert.equal(thread.receivedSeq, 1);
});

test("messages of a conversation that is not this guest's are not shown", () => {
  const thread = begun(1);
  assert.equal(thread.receive(said(1, "ai", "other")), false);
  assert.deepEqual(seqs(thread), [1]);
});

test("unread is what the hotel said after the last message seen, state lines not counted", () => {
  const thread = begun(1, 2);
  thread.receive(said(3, "guest"));
  thread.receive(said(4, "system"));
  thread.receive(said(5, "staff"));
  assert.equal(thread.unread(0), 3);
  assert.equal(thread.unread(2), 1);
  assert.equal(thread.unread(5), 0);
});
