// Links in messages: what becomes one, where it ends, and what never does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf } from "../src/core/text.ts";

const links = (text: string) => partsOf(text).flatMap((part) => (part.href ? [[part.text, part.href]] : []));

test("the parts of a text are the text again", () => {
  for (const text of [
    "",
    "plain",
    "see https://a.example/x, or mail a@b.example!",
    "(https://a.example/(b))\n+43 1 5550 140",
  ]) {
    assert.equal(
      partsOf(text)
        .map((part) => part.text)
        .join(""),
      text,
    );
  }
});

test("web addresses, e-mail addresses and telephone numbers can be followed", () => {
  assert.deepEqual(links("https://lindenhof.example/rooms"), [
    ["https://lindenhof.example/rooms", "https://lindenhof.example/rooms"],
  ]);
  assert.deepEqual(links("write to stay@lindenhof.example"), [
    ["stay@lindenhof.example", "mailto:stay@lindenhof.example"],
  ]);
  assert.deepEqual(links("call +43 1 5550 140 now"), [["+43 1 5550 140", "tel:+4315550140"]]);
  assert.deepEqual(links("tel:+4315550140"), [["tel:+4315550140", "tel:+4315550140"]]);
});

test("a sentence's punctuation is not part of the address; a bracket opened inside is", () => {
  assert.deepEqual(links("(see https://a.example/b).")[0]?.[0], "https://a.example/b");
  assert.deepEqual(links("https://a.example/b_(c)")[0]?.[0], "https://a.example/b_(c)");
  assert.deepEqual(links("请看 https://a.example/b。")[0]?.[0], "https://a.example/b");
});

test("other schemes, and addresses that hide where they lead, stay text", () => {
  for (const text of [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "https://bank.example@evil.example/",
    "https://",
  ]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("prices, dates and room numbers are no telephone numbers", () => {
  for (const text of ["112 rooms for 1,250.00", "2026-05-01 10:00", "room 204", "dial 20", "18-26 degrees"]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("a hostile text is taken apart in no time", () => {
  const began = performance.now();
  for (const text of [
    "a@".repeat(2000),
    "+1 ".repeat(1500),
    `https://${"(".repeat(4000)}`,
    "a.".repeat(2000),
    "1-".repeat(2000),
  ]) {
    partsOf(text);
  }
  assert.ok(performance.now() - began < 1000);
});
