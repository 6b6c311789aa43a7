import { expect, test } from "@jest/globals";
import { CheckError } from "./check.ts";
import { problemOfError } from "./problem-of-error.ts";

const withCode = (code: string) => Object.assign(new Error("hunter2"), { code });

test.each([
  ["3D000", "the server has no database of the name"],
  ["42P01", "the query names what the server does not have"],
  ["CERT_HAS_EXPIRED", "has expired"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "signed by none of the authorities in tls.caSecret"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "is not for the host"],
])("%s: what has to be mended, and nothing of the error's own text", (code, said) => {
  const problem = problemOfError(withCode(code));
  expect(problem).toContain(said);
  expect(problem).not.toContain("hunter2");
});

test("a check's own problem stays, and without one there is none", () => {
  const own = new CheckError("Misconfigured", { problem: "the host is wrong" });
  expect(problemOfError(own)).toBe("the host is wrong");
  expect(problemOfError(new CheckError("TLSFailed"))).toBeUndefined();
});

test.each(["ECONNREFUSED", "28P01", "57P03", "constructor", ""])(
  "%j says it by its reason",
  (code) => {
    expect(problemOfError(withCode(code))).toBeUndefined();
  },
);

test.each([undefined, null, "text", new AggregateError([withCode("3D000")])])(
  "%p has none",
  (error) => {
    expect(problemOfError(error)).toBeUndefined();
  },
);
