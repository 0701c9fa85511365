// What waits to be sent outlives pages and tabs, is sent in order, and is never taken up by two tabs at once in vain.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OTHERS_WAIT_MS, Outbox } from "../src/core/outbox.ts";
import { Browser, Memory } from "../src/core/storage.ts";

const PREFIX = "frontdesk:https://desk.example:lindenhof:unsent:";
const texts = (outbox: Outbox) => outbox.all().map((one) => one.text);

test("messages wait in the order in which they were written", () => {
  const outbox = new Outbox(new Memory(), PREFIX);
  for (const text of ["one", "two", "three"]) outbox.add(text);
  assert.deepEqual(texts(outbox), ["one", "two", "three"]);
});

test("a page that is loaded again finds what the one before did not get rid of", () => {
  const keep = new Memory();
  const before = new Outbox(keep, PREFIX);
  before.add("sent");
  before.add("kept");
  before.remove(before.all()[0]?.id ?? "");
  const after = new Outbox(keep, PREFIX);
  after.adopt();
  assert.deepEqual(texts(after), ["kept"]);
  assert.equal(after.next()?.text, "kept");
});

test("a message of another tab is shown at once, and sent by this one only when that tab seems gone", () => {
  const keep = new Memory();
  const here = new Outbox(keep, PREFIX);
  const now = Date.now();
  new Outbox(keep, PREFIX).add("from there", now);
  assert.deepEqual(texts(here), ["from there"]);
  assert.equal(here.next(now + OTHERS_WAIT_MS - 1), null);
  assert.equal(here.next(now + OTHERS_WAIT_MS)?.text, "from there");
});

test("what another tab wrote before goes first, so that the order is that of writing", () => {
  const keep = new Memory();
  const here = new Outbox(keep, PREFIX);
  const there = new Outbox(keep, PREFIX);
  there.add("first, there");
  here.add("second, here");
  assert.equal(here.next()?.text, "first, there");
});

test("a message that another tab has put away does not come back", () => {
  const keep = new Memory();
  const here = new Outbox(keep, PREFIX);
  const there = new Outbox(keep, PREFIX);
  const message = there.add("hello");
  here.remove(message.id);
  assert.deepEqual(texts(here), []);
});

test("nothing is lost when the browser refuses to keep it", () => {
  const refusing = new Browser(() => {
    throw new DOMException("refused", "SecurityError");
  });
  const outbox = new Outbox(refusing, PREFIX);
  outbox.add("hello");
  assert.deepEqual(texts(outbox), ["hello"]);
});

test("what somebody else has written under the key does no harm", () => {
  const keep = new Memory();
  keep.set(`${PREFIX}x`, "{not json");
  keep.set(`${PREFIX}y`, '{"id": 5}');
  assert.deepEqual(texts(new Outbox(keep, PREFIX)), []);
});

test("a message without a time, or under another's key, is left alone; the others are sent", () => {
  const keep = new Memory();
  for (const at of [undefined, null, "soon", 1e300])
    keep.set(`${PREFIX}${at}`, JSON.stringify({ id: `${at}`, text: "", at }));
  keep.set(`${PREFIX}one`, JSON.stringify({ id: "another", text: "never to be removed", at: 1 }));
  const outbox = new Outbox(keep, PREFIX);
  outbox.adopt();
  outbox.add("hello");
  assert.deepEqual(texts(outbox), ["hello"]);
});

test("half a character becomes a sign that every server can read, written now or kept before", () => {
  const keep = new Memory();
  keep.set(`${PREFIX}1`, JSON.stringify({ id: "1", text: "\ude00 kept", at: 1 }));
  const outbox = new Outbox(keep, PREFIX);
  outbox.add("whole \u{1f600}, half \ud83d");
  assert.deepEqual(texts(outbox), ["whole \u{1f600}, half \ufffd", "\ufffd kept"].sort());
});

test("what another tab has forgotten is not sent by this one", () => {
  const keep = new Memory();
  const here = new Outbox(keep, PREFIX);
  here.add("private");
  const there = new Outbox(keep, PREFIX);
  there.clear();
  there.add("the next guest's");
  here.disown();
  assert.deepEqual(texts(here), ["the next guest's"]);
});

test("another guest at the same device does not send what the one before wrote", () => {
  const keep = new Memory();
  const outbox = new Outbox(keep, PREFIX);
  outbox.add("private");
  outbox.clear();
  assert.deepEqual(texts(outbox), []);
  assert.deepEqual(keep.keys(PREFIX), []);
});
