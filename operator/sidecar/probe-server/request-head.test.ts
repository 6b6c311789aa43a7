import { describe, expect, test } from "@jest/globals";
import { MAX_HEAD_BYTES, parseHead } from "./request-head.ts";

const KUBELET = [
  "GET /readyz HTTP/1.1",
  "Host: 10.244.0.7:19847",
  "User-Agent: kube-probe/1.36",
  "Accept: */*",
  "Connection: close",
  "\r\n",
].join("\r\n");
const get = (path: string) => ({ request: { method: "GET", path } });

test.each<[string, string, string]>([
  ["a kubelet's", KUBELET, "/readyz"],
  ["header names in lower case", "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n", "/readyz"],
  ["no header at all", "GET /livez HTTP/1.1\r\n\r\n", "/livez"],
  ["HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", "/livez"],
  ["lines that end with LF", "GET /livez HTTP/1.1\nHost: x\n\n", "/livez"],
  ["mixed line ends", "GET /livez HTTP/1.1\r\nHost: x\n\r\n", "/livez"],
  ["empty lines before it", "\r\n\r\nGET /livez HTTP/1.1\r\n\r\n", "/livez"],
  ["a query", "GET /readyz?x=1&y=/livez HTTP/1.1\r\n\r\n", "/readyz"],
  ["a query without a path", "GET http://pod?x=/livez HTTP/1.1\r\n\r\n", "/"],
  ["an absolute target", "GET http://10.0.0.1:19847/readyz?x HTTP/1.1\r\n\r\n", "/readyz"],
  ["an absolute target of a host alone", "GET HTTPS://pod HTTP/1.1\r\n\r\n", "/"],
  ["an absolute target of the root", "GET http://pod/ HTTP/1.1\r\n\r\n", "/"],
  ["what only holds a URL", "GET xhttp://pod/livez HTTP/1.1\r\n\r\n", "xhttp://pod/livez"],
  ["a path with a URL in it", "GET /x/http://pod/livez HTTP/1.1\r\n\r\n", "/x/http://pod/livez"],
  ["a path that is not decoded", "GET /ready%7A HTTP/1.1\r\n\r\n", "/ready%7A"],
  ["a body after it", "GET /livez HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "/livez"],
  ["another request after it", `${KUBELET}GET /metrics HTTP/1.1\r\n\r\n`, "/readyz"],
  ["Expect", "GET /livez HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", "/livez"],
])("%s", (_, text, path) => {
  expect(parseHead(text)).toStrictEqual(get(path));
});

test.each(["HEAD", "POST", "get", "M-SEARCH"])("the method %s is passed on", (method) => {
  const request = { method, path: "/livez" };
  expect(parseHead(`${method} /livez HTTP/1.1\r\n\r\n`)).toStrictEqual({ request });
});

describe("refused with 400", () => {
  test.each([
    "GET /livez\r\n\r\n",
    `${"\r\n".repeat(3)}GET /livez HTTP/1.1\r\n\r\n`,
    "\r\n".repeat(3),
    "GET  /livez HTTP/1.1\r\n\r\n",
    "GET /livez HTTP/1.1 \r\n\r\n",
    " GET /livez HTTP/1.1\r\n\r\n",
    "GET /li vez HTTP/1.1\r\n\r\n",
    "GET /li\0vez HTTP/1.1\r\n\r\n",
    "GET /li\u00e9 HTTP/1.1\r\n\r\n",
    "GET /livez HTTP/2.0\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /livez HTTP/1.1\rHost: x\n\n",
    "G\u0000T /livez HTTP/1.1\r\n\r\n",
    "Host: x\r\nGET /livez HTTP/1.1\r\n\r\n",
  ])("%j", (text) => {
    expect(parseHead(text)).toStrictEqual({ refused: 400 });
  });

  test("what no request begins with, without waiting for its end", () => {
    expect(parseHead("\x16\x03\x01\x02")).toStrictEqual({ refused: 400 });
    expect(parseHead("\r\n\x16")).toStrictEqual({ refused: 400 });
  });
});

test.each(["", "\r\n", "\r\n\r\n", "G", "GET /livez HTTP/1.1", KUBELET.slice(0, -1)])(
  "%j is not a whole head yet",
  (text) => {
    expect(parseHead(text)).toBe("incomplete");
  },
);

test("a head cut anywhere is never taken for another", () => {
  for (let length = 0; length < KUBELET.length; length += 1) {
    expect(parseHead(KUBELET.slice(0, length))).toBe("incomplete");
  }
});

test("a head may be as long as the bound and no longer", () => {
  const start = "GET /livez HTTP/1.1\r\nX: ";
  const whole = (length: number) => `${start}${"y".repeat(length - start.length - 4)}\r\n\r\n`;
  expect(parseHead(whole(MAX_HEAD_BYTES))).toStrictEqual(get("/livez"));
  expect(parseHead(whole(MAX_HEAD_BYTES + 1).slice(0, MAX_HEAD_BYTES))).toStrictEqual({
    refused: 431,
  });
});
