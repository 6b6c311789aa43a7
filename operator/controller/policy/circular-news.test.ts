import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { ServiceRecord } from "../../api/circular-dependency.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { type CircularNews, createCircularNews, PACE_MILLISECONDS } from "./circular-news.ts";

const WEB = testPolicy();
const ROLE = { role: "primary" };
const OWN = { namespace: "shop", name: "orders-db", selector: ROLE, headless: false };

const pod = (index: number, labels: Record<string, string> = {}): PodRecord =>
  podOf({ name: `db-${index}`, ip: `10.0.0.${index}`, labels });

let services: ServiceRecord[];
let circular: CircularNews;
const addresses = (...pods: PodRecord[]) =>
  circular.news(WEB, pods).addresses.get("orders-db") ?? [];
const only = (ip: string) => new Map([["orders-db", [ip]]]);

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  services = [OWN];
  circular = createCircularNews(({ name }) => services.find((service) => service.name === name));
});
afterEach(() => {
  jest.useRealTimers();
});

test("a pod that comes to be behind a host is told of at once", () => {
  expect(addresses(pod(1), pod(2))).toStrictEqual([]);
  expect(circular.news(WEB, [pod(1, ROLE), pod(2)])).toStrictEqual({
    addresses: only("10.0.0.1"),
    unknown: false,
    againMilliseconds: Number.POSITIVE_INFINITY,
  });
});

test("labels that change all the time cost a write each ten seconds, and the last of them counts", () => {
  expect(addresses(pod(1, ROLE), pod(2))).toStrictEqual(["10.0.0.1"]);
  jest.advanceTimersByTime(1_000);
  expect(circular.news(WEB, [pod(1), pod(2, ROLE)])).toStrictEqual({
    addresses: only("10.0.0.1"),
    unknown: false,
    againMilliseconds: PACE_MILLISECONDS - 1_000,
  });
  jest.advanceTimersByTime(PACE_MILLISECONDS - 1_000);
  expect(addresses(pod(1), pod(2, ROLE))).toStrictEqual(["10.0.0.2"]);
  expect(addresses(pod(1), pod(2))).toStrictEqual(["10.0.0.2"]);
});

test("so does a Service that comes and goes", () => {
  expect(addresses(pod(1, ROLE))).toStrictEqual(["10.0.0.1"]);
  services = [];
  expect(addresses(pod(1, ROLE))).toStrictEqual(["10.0.0.1"]);
  jest.advanceTimersByTime(PACE_MILLISECONDS);
  expect(addresses(pod(1, ROLE))).toStrictEqual([]);
  services = [OWN];
  expect(addresses(pod(1, ROLE))).toStrictEqual([]);
});

test("nothing is known of pods that have not been listed, where a host is a Service that could have them", () => {
  expect(circular.news(WEB, undefined)).toMatchObject({ addresses: new Map(), unknown: true });
  services = [];
  expect(circular.news(WEB, undefined)).toMatchObject({ addresses: new Map(), unknown: false });
});

test("pods that are listed anew stay as they were known", () => {
  addresses(pod(1, ROLE));
  expect(circular.news(WEB, undefined)).toMatchObject({
    addresses: only("10.0.0.1"),
    unknown: false,
  });
});

test("another policy of the name begins with nothing, and so does one that was forgotten", () => {
  addresses(pod(1, ROLE));
  const another = { ...WEB, uid: "another" };
  expect(circular.news(another, undefined)).toMatchObject({ addresses: new Map(), unknown: true });
  circular.forget(WEB);
  expect(circular.news(WEB, undefined)).toMatchObject({ addresses: new Map(), unknown: true });
});
