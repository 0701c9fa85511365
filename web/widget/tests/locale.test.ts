// Nine languages: complete, with the plural forms that each one has, chosen as the guest's browser asks.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hotel } from "../src/core/protocol.ts";
import { CLOSED } from "../src/locale/closed.ts";
import { LANGUAGES, Locale } from "../src/locale/locale.ts";
import type { Plural } from "../src/locale/strings.ts";
import { chosen, direction, filled, plainTag } from "../src/locale/tag.ts";

const slots = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort().join();

test("the widget speaks the nine languages it says it does", () => {
  assert.deepEqual(Object.keys(LANGUAGES).sort(), ["ar", "de", "en", "es", "fr", "it", "nl", "pt", "zh"]);
  assert.deepEqual(Object.keys(CLOSED).sort(), Object.keys(LANGUAGES).sort());
});

for (const [tag, words] of Object.entries(CLOSED)) {
  test(`${tag}: the closed launcher has a name, with and without the hotel's`, () => {
    assert.notEqual(words.open, "");
    assert.equal(slots(words.chat), "{hotel}");
  });
}

for (const [tag, strings] of Object.entries(LANGUAGES)) {
  test(`${tag}: every text is there, with the slots of the English one`, () => {
    for (const [name, english] of Object.entries(LANGUAGES.en ?? {})) {
      const own = strings[name as keyof typeof strings];
      if (typeof english === "string") {
        assert.equal(typeof own, "string", name);
        assert.notEqual(own, "", name);
        assert.equal(slots(own as string), slots(english), name);
      } else if (Array.isArray(english)) assert.equal((own as string[]).length, english.length, name);
    }
  });

  test(`${tag}: the conversation and the field to write in have names of their own`, () => {
    assert.notEqual(strings.conversation, strings.field);
  });

  test(`${tag}: counts have every form of the language`, () => {
    const needed = new Set(Array.from({ length: 200 }, (_, n) => new Intl.PluralRules(tag).select(n + 1)));
    for (const forms of [strings.unread, strings.wait] as Plural[]) {
      for (const form of needed) assert.ok(form in forms, `${form} is missing`);
    }
  });
}

test("one is not many", () => {
  assert.equal(new Locale("en-GB").count(LANGUAGES.en?.unread ?? { other: "" }, 1), "1 new message");
  assert.equal(new Locale("en-GB").count(LANGUAGES.en?.unread ?? { other: "" }, 3), "3 new messages");
  assert.equal(new Locale("ar").count(LANGUAGES.ar?.unread ?? { other: "" }, 2), "رسالتان جديدتان");
});

test("the first language that the guest reads and we speak is taken, else English", () => {
  assert.equal(chosen([null, "sv-SE", "de-AT", "en"]), "de-AT");
  assert.equal(chosen(["sv"]), "en");
});

test("only Arabic runs from right to left", () => {
  assert.deepEqual(
    Object.keys(LANGUAGES).filter((tag) => direction(tag) === "rtl"),
    ["ar"],
  );
});

test("a browser's tag is cut down to what the services take", () => {
  assert.equal(plainTag("de-AT"), "de-AT");
  assert.equal(plainTag("zh-Hans-CN"), "zh-Hans-CN");
  assert.equal(plainTag("en-US@posix"), "en-US");
  assert.equal(plainTag("de-DE-1996"), "de-DE");
  assert.equal(plainTag("!"), "en");
});

test("the hotel's hours are told in the hotel's own time, and not at all when it does not say", () => {
  const hotel = (hours: object | null) =>
    ({ name: "", language: "en", brand: {}, consent_text: "", time_zone: "Asia/Tokyo", hours }) as Hotel;
  const soon = new Date(Date.now() + 60_000);
  const there = new Intl.DateTimeFormat("de", { hour: "numeric", minute: "2-digit", timeZone: "Asia/Tokyo" }).format(
    soon,
  );
  const told = new Locale("de").hours(hotel({ open_now: true, opens_at: null, closes_at: soon.toISOString() }));
  assert.match(told, new RegExp(`bis .*${there} da`));
  assert.equal(new Locale("de").hours(hotel({ open_now: null, opens_at: null, closes_at: null })), "");
  assert.equal(new Locale("de").hours(null), "");
});

test("a browser with a tag of its own kind still tells the time", () => {
  const now = new Date("2026-05-01T12:00:00Z");
  assert.equal(new Locale("en-US@posix").time("2026-05-01T10:05:00Z", "UTC", now), "10:05 AM");
  assert.match(new Locale("de").time("2026-04-30T10:05:00Z", "UTC", now), /30\. Apr\.?,? 10:05/);
});

test("slots that nobody fills stay as they are", () => {
  assert.equal(filled("{name} and {other}", { name: "Sam" }), "Sam and {other}");
});
