import { expect, test } from "@jest/globals";
import { CAPABILITIES, parseGreeting, textUntilNul } from "./mysql-greeting.ts";
import { CHALLENGE, greeting } from "./testing/fake-mysql.ts";

const bodyOf = (packet: Buffer) => packet.subarray(4);
const ALL = Object.values(CAPABILITIES).reduce((sum, flag) => sum | flag, 0);

/** As Debian's MariaDB 10.11 sent it. */
const MARIADB = Buffer.from(
  "0a352e352e352d31302e31312e31392d4d6172696144422d302b6465623132753100481200002b42" +
    "49293157432a00feff080200ff81150000000000001d0000004560317372606c7c4c445351006d79" +
    "73716c5f6e61746976655f70617373776f726400",
  "hex",
);

test("of MariaDB", () => {
  expect(parseGreeting(MARIADB)).toEqual({
    capabilities: 0x81fffffe | 0,
    challenge: Buffer.from("2b4249293157432a4560317372606c7c4c445351", "hex"),
    plugin: "mysql_native_password",
    isMariaDb: true,
  });
});

test("of MySQL", () => {
  const { capabilities, ...rest } = parseGreeting(bodyOf(greeting({ capabilities: ALL })));
  expect(capabilities).toBe(ALL);
  expect(rest).toEqual({
    challenge: CHALLENGE,
    plugin: "mysql_native_password",
    isMariaDb: false,
  });
});

test.each([
  ["5.5.5-10.11.19-MariaDB-0+deb12u1", true],
  ["11.8.2-MariaDB", true],
  ["10.6.5-mariadb", true],
  ["8.4.0", false],
  ["", false],
])("the version %j is MariaDB's: %s", (version, isMariaDb) => {
  expect(parseGreeting(bodyOf(greeting({ version })))).toMatchObject({ isMariaDb });
});

test("each bit that a login needs", () => {
  for (const flag of ["protocol41", "secureConnection", "pluginAuthentication"] as const) {
    const without = bodyOf(greeting({ capabilities: ALL & ~CAPABILITIES[flag] }));
    expect(() => parseGreeting(without)).toThrow("ProtocolError");
  }
});

test("cut anywhere before the name of the plugin, it is none", () => {
  const body = bodyOf(greeting({ plugin: "" }));
  const end = body.length - 1;
  expect(parseGreeting(body.subarray(0, end))).toMatchObject({ plugin: "", challenge: CHALLENGE });
  for (let length = 0; length < end; length += 1) {
    expect(() => parseGreeting(body.subarray(0, length))).toThrow("ProtocolError");
  }
});

test("another version of the protocol", () => {
  const body = Buffer.from(bodyOf(greeting()));
  body[0] = 11;
  expect(() => parseGreeting(body)).toThrow("ProtocolError");
});

test("a text ends at a NUL or with the packet", () => {
  expect(textUntilNul(Buffer.from("ab\0c"))).toBe("ab");
  expect(textUntilNul(Buffer.from("ab"))).toBe("ab");
  expect(textUntilNul(Buffer.from("\0"))).toBe("");
  expect(textUntilNul(Buffer.alloc(0))).toBe("");
});
