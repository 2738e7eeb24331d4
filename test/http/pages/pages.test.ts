import * as fc from "fast-check";
import { Parser } from "htmlparser2";
import { describe, expect, test } from "vitest";
import { locales } from "../../../src/domain/locale.ts";
import { createPages } from "../../../src/http/pages/pages.ts";
import type {
  DiscoveryPage,
  InviteAcceptPage,
  InviteHomePage,
  InvitePage,
} from "../../../src/http/peer-pages.ts";
import type { AnswerPage } from "../../../src/http/server/parts.ts";
import type { InvitationPage } from "../../../src/http/server/sharing-parts.ts";
import { share } from "../../mail/notice-letters.ts";
import { languagesOf, wrongSigns } from "../../mail/templates/languages.ts";

const pages = createPages(() => "Example Cloud");

const held: AnswerPage = {
  title: "Quarterly report",
  module: "files",
  isInvitation: false,
  sharerName: "Alice",
  sharerAddress: "alice@cloud-a.example",
  origin: share.origin,
  state: "held",
  reason: null,
  detail: null,
  evidence: share.evidence,
  asksPassword: false,
  whyNot: null,
  form: { action: "/answer/0123", token: "form-token" },
};

const invited: InvitationPage = {
  title: "Quarterly report",
  sharerName: "Alice",
  sharerAddress: "alice@cloud-a.example",
  host: "cloud-a.example",
  expiresAtMs: Date.UTC(2026, 11, 24),
  state: "pending",
  isMuted: false,
  form: { action: "/invitation/0123", token: "form-token" },
};

const discovery: DiscoveryPage = {
  sharerName: "Alice",
  description: "Quarterly report",
  url: "",
  problem: null,
  hidden: { sharing_id: "wccKeeGn", recipient_id: "2a31ce01" },
};

const inviting: InvitePage = {
  sharerName: "Alice",
  servers: [],
  typed: "",
  problem: null,
  formToken: "form-token",
};
const servers = [{ name: "Zyx", host: "zyx.example" }];
const provider = { asked: "xn--bcher-kva.example", shown: "bücher.example" };
const home: InviteHomePage = {
  sharerName: "Alice",
  home: provider,
  link: null,
  code: "0123@usher.example",
  inviteString: "MDEyM0B1c2hlci5leGFtcGxl",
};
const accepting: InviteAcceptPage = { provider, typed: "", hasProblem: false, formToken: "form-token" };
const inviteProblems = ["not-an-address", "not-a-cloud", "not-reached"] as const;

const problems = ["not-an-address", "mail-address", "not-reached", "own-cozy"] as const;

interface Shape {
  readonly tags: readonly string[];
  readonly fields: readonly string[];
  readonly attributes: readonly string[];
}

function shapeOf(html: string): Shape {
  const shape = { tags: [] as string[], fields: [] as string[], attributes: [] as string[] };
  const parser = new Parser({
    onopentag(name, attributes) {
      shape.tags.push(name);
      shape.attributes.push(...Object.keys(attributes));
      const { name: field, value } = attributes;
      if (/^(input|button)$/.test(name)) shape.fields.push(`${field}=${value ?? ""}`);
    },
  });
  parser.end(html);
  return shape;
}

/** What is seen, without what stands there in English for the administrator. */
function textOf(html: string): string {
  let text = "";
  let isSilent = false;
  const parser = new Parser({
    onopentag: (name, { lang }) => void (isSilent = name !== "html" && lang === "en"),
    ontext: (part) => void (text += isSilent ? "" : part.replaceAll("\n", " ")),
    onclosetag: () => void (isSilent = false),
  });
  parser.end(html);
  return text.replaceAll(/ +/g, " ");
}

const authenticated: AnswerPage["evidence"] =
  share.evidence === null
    ? null
    : { ...share.evidence, authentication: { ...share.evidence.authentication, trusted: true } };

describe.each(locales)("the pages in %s", (locale) => {
  const all = [
    pages.answer(locale, held),
    pages.answered(locale, { ...held, outcome: "accepted", detail: null }),
    pages.answered(locale, { ...held, outcome: "unchanged", detail: "it is followed already" }),
    pages.noLongerValid(locale),
    pages.invitation(locale, invited),
    pages.invitation(locale, { ...invited, state: "expired", isMuted: true }),
    pages.invitationAnswered(locale, { ...invited, outcome: "refused" }),
    pages.invitationAnswered(locale, { ...invited, outcome: "muted" }),
    pages.invitationAnswered(locale, { ...invited, outcome: "revoked" }),
    pages.invitationAnswered(locale, { ...invited, outcome: "expired" }),
    pages.explained(locale, "answered-elsewhere"),
    pages.explained(locale, "wrong-link"),
    pages.discovery(locale, discovery),
    pages.answer(locale, { ...held, title: null, isInvitation: true }),
    pages.answer(locale, { ...held, title: null, isInvitation: true, state: "followed", form: null }),
    pages.invite(locale, inviting),
    ...inviteProblems.map((problem) => pages.invite(locale, { ...inviting, servers, problem })),
    pages.inviteAccept(locale, accepting),
    pages.inviteAccept(locale, { ...accepting, typed: "Xyzzy", hasProblem: true }),
    pages.inviteNoted(locale, { provider, address: "bob@example.net" }),
    ...problems.map((problem) => pages.discovery(locale, { ...discovery, description: null, problem })),
  ];

  test("are in this language, run nothing, and load nothing but the one stylesheet", () => {
    for (const html of all) {
      expect(html).toContain(`<html lang="${locale}">`);
      expect(html).not.toMatch(/\{[{%]|[%}]\}|undefined|\[object/);
      const { tags, attributes } = shapeOf(html);
      expect(tags.filter((tag) => /^(script|style|img|iframe|object)$/.test(tag))).toEqual([]);
      expect(attributes.filter((name) => /^(on|style|src)/.test(name))).toEqual([]);
      expect(html.match(/href="[^"]*"/g)).toEqual([`href="${pages.stylesheet.path}"`]);
    }
    expect(pages.stylesheet.css).not.toMatch(/@import|url\(/);
  });

  test("are in no other language, and have its signs", () => {
    const named = [
      ...all,
      pages.answer(locale, { ...held, state: "failed", reason: "share-revoked" }),
      pages.invitation(locale, { ...invited, state: "refused" }),
    ];
    for (const html of named) {
      const written = textOf(html);
      expect(languagesOf(written)).toEqual([locale]);
      expect(written).not.toMatch(wrongSigns[locale]);
    }
  });

  test("show who shares what from where, in both forms of a deceptive host, and ask", () => {
    const html = pages.answer(locale, held);
    for (const said of [
      "Alice",
      "alice@cloud-a.example",
      "Quarterly report",
      "xn--exmple-cua.org",
      "exämple.org",
    ])
      expect(html).toContain(said);
    expect(shapeOf(html).fields).toEqual(["form=form-token", "password=", "action=accept", "action=ignore"]);
  });

  test("show a recipient who shares what, where it leads and until when, and ask", () => {
    const html = pages.invitation(locale, invited);
    const until = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
    const facts = ["Alice", "alice@cloud-a.example", "Quarterly report", ">cloud-a.example<"];
    for (const said of [...facts, until.format(Date.UTC(2026, 11, 24))]) expect(html).toContain(said);
    expect(html).toContain('action="/invitation/0123"');
    expect(shapeOf(html).fields).toEqual(["form=form-token", "action=open", "action=refuse", "action=mute"]);
  });

  test("keep their elements, whatever strangers write", () => {
    const usual = shapeOf(pages.answer(locale, { ...held, whyNot: "x" }));
    const usualInvited = shapeOf(pages.invitation(locale, invited));
    const usualDiscovery = shapeOf(pages.discovery(locale, discovery));
    const text = fc
      .array(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 30 }),
          fc.constantFrom("</main>", "<script>", '" onload="x', "{{ form.token }}", "{% raw %}", "-->"),
        ),
        { maxLength: 4 },
      )
      .map((pieces) => `a${pieces.join("")}`);
    fc.assert(
      fc.property(text, text, text, (sharerName, title, whyNot) => {
        const page = { ...held, sharerName, title, whyNot };
        expect(shapeOf(pages.answer(locale, page)).tags).toEqual(usual.tags);
        const said = pages.invitation(locale, { ...invited, sharerName, title });
        expect(shapeOf(said).tags).toEqual(usualInvited.tags);
        const asked = { ...discovery, sharerName, description: title, url: whyNot };
        expect(shapeOf(pages.discovery(locale, asked)).tags).toEqual(usualDiscovery.tags);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the answer page", () => {
  test("offers to trust only a sender whom somebody vouches for", () => {
    expect(shapeOf(pages.answer("en", held)).fields).not.toContain("trust=yes");
    expect(shapeOf(pages.answer("en", { ...held, evidence: authenticated })).fields).toContain("trust=yes");
  });

  test("asks for the password where one is needed, and says why", () => {
    const reason = "guest-password-rejected";
    const html = pages.answer("en", { ...held, state: "needs-password", reason, asksPassword: true });
    expect(html).toMatch(/type="password"[^>]* required/);
    expect(html).toContain("The password was not accepted");
  });

  test("offers no yes where none is possible, and says why", () => {
    const html = pages.answer("en", { ...held, whyNot: "Public links cannot be followed by Usher yet." });
    expect(shapeOf(html).fields).toEqual(["form=form-token", "action=ignore"]);
    expect(html).toContain("Public links cannot be followed by Usher yet.");
  });

  test("shows how it ended where there is nothing left to answer", () => {
    const html = pages.answer("en", {
      ...held,
      state: "followed",
      form: null,
      whyNot: "it is followed already",
    });
    expect(shapeOf(html).fields).toEqual([]);
    expect(html).toContain("You follow this share.");
  });

  test("is in English for whom nobody knows", () => {
    expect(pages.noLongerValid(null)).toContain("no longer valid");
  });
});

describe.each(locales)("the page of the home that an invited person named, in %s", (locale) => {
  const link = `https://${provider.asked}/accept?token=0123&providerDomain=usher.example`;

  test("shows both forms of its host and leads nowhere else", () => {
    const html = pages.inviteHome(locale, { ...home, link });
    expect(html).toContain(`<html lang="${locale}">`);
    expect(languagesOf(textOf(html))).toEqual([locale]);
    expect(html).not.toMatch(/\{[{%]|[%}]\}|undefined|\[object/);
    for (const said of [provider.asked, provider.shown, home.code, home.inviteString])
      expect(html).toContain(said);
    const links = html.match(/href="[^"]*"/g);
    const led = `href="${link.replace("&", "&amp;")}"`;
    expect(links).toEqual([`href="${pages.stylesheet.path}"`, led, 'href=""']);
    expect(html).not.toMatch(/http-equiv|<script/);
  });

  test("tells how to paste the code where that server has no page for it", () => {
    const html = pages.inviteHome(locale, home);
    expect(languagesOf(textOf(html))).toEqual([locale]);
    expect(html.match(/href="[^"]*"/g)).toEqual([`href="${pages.stylesheet.path}"`, 'href=""']);
    expect(html).toContain(home.code);
  });
});

describe("the page of a recipient", () => {
  test.each<[string, Partial<InvitationPage>, readonly string[]]>([
    ["a share that he opened", { state: "accepted" }, ["open", "refuse", "mute"]],
    ["a share whose mail came back", { state: "mail-not-sent" }, ["open", "refuse", "mute"]],
    ["a share that he refused", { state: "refused" }, ["open", "mute"]],
    ["a share that was taken back", { state: "revoked" }, ["mute"]],
    ["a share whose time is over", { state: "expired" }, ["mute"]],
    ["a sharer of whom he wants no more", { isMuted: true }, ["open", "refuse"]],
    ["what he refused of such a sharer", { state: "refused", isMuted: true }, ["open"]],
  ])("offers of %s what can still be done", (_, differs, actions) => {
    const { fields } = shapeOf(pages.invitation("en", { ...invited, ...differs }));
    expect(fields).toEqual(["form=form-token", ...actions.map((action) => `action=${action}`)]);
  });

  test("asks nothing where nothing is left, and says why", () => {
    const html = pages.invitation("en", { ...invited, state: "revoked", isMuted: true });
    expect(shapeOf(html).tags).not.toContain("form");
    expect(html).toContain("Alice no longer shares “Quarterly report” with you");
    expect(html).toContain("You get no more invitations from Alice.");
  });
});

describe("the page that asks where a Cozy is", () => {
  test("has one field for people, and keeps what they need not see and what they typed", () => {
    const html = pages.discovery("en", { ...discovery, url: "bob", problem: "not-reached" });
    expect(shapeOf(html).fields).toEqual([
      "sharing_id=wccKeeGn",
      "recipient_id=2a31ce01",
      "url=bob",
      "undefined=",
    ]);
    expect(html).toContain("There is no Cozy that answers at this address.");
    expect(html).toContain("Alice shares “Quarterly report” with you.");
  });

  test("says each problem in words of its own", () => {
    const said = problems.map((problem) => textOf(pages.discovery("en", { ...discovery, problem })));
    expect(new Set(said).size).toBe(problems.length);
  });
});
