import { beforeEach, expect, test } from "@jest/globals";
import { type AddressOrder, createAddressOrder } from "./address-order.ts";

/** As name servers say, families in turn. */
const SAID = ["10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.3"];

let order: AddressOrder;
beforeEach(() => {
  order = createAddressOrder();
});

test("as they come, where no check has failed", () => {
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(SAID);
});

test("those that failed are the last of their family, and the other family stays in its place", () => {
  order.failed("db:5432", "10.0.0.1");
  const last1 = ["10.0.0.2", "2001:db8::1", "10.0.0.3", "10.0.0.1"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last1);
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last1);
  order.failed("db:5432", "2001:db8::1");
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last1);
  order.failed("db:5432", "10.0.0.2");
  const last2 = ["10.0.0.3", "2001:db8::1", "10.0.0.1", "10.0.0.2"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last2);
});

test("where all of the first family have failed, the other one leads, until one of it has succeeded or failed later", () => {
  const said = ["10.0.0.1", "2001:db8::1", "10.0.0.2", "2001:db8::2"];
  order.failed("db:5432", "10.0.0.1");
  expect(order.inOrder("db:5432", said)[0]).toBe("10.0.0.2");
  order.failed("db:5432", "10.0.0.2");
  const other = ["2001:db8::1", "10.0.0.1", "10.0.0.2", "2001:db8::2"];
  expect(order.inOrder("db:5432", said)).toStrictEqual(other);
  order.succeeded("db:5432", "2001:db8::2");
  expect(order.inOrder("db:5432", said)[0]).toBe("2001:db8::2");
  order.succeeded("db:5432", "10.0.0.1");
  expect(order.inOrder("db:5432", said)[0]).toBe("10.0.0.1");
  for (const address of ["10.0.0.1", "2001:db8::1", "2001:db8::2"])
    order.failed("db:5432", address);
  expect(order.inOrder("db:5432", said)[0]).toBe("10.0.0.2");
});

test("where all have failed, the one that failed longest ago is the first, in whatever order they come", () => {
  for (const address of ["10.0.0.2", "10.0.0.1", "10.0.0.3", "10.0.0.2"]) {
    order.failed("db:5432", address);
  }
  const oldestFirst = ["10.0.0.1", "10.0.0.3", "10.0.0.2"];
  expect(order.inOrder("db:5432", ["10.0.0.1", "10.0.0.2", "10.0.0.3"])).toStrictEqual(oldestFirst);
  expect(order.inOrder("db:5432", ["10.0.0.3", "10.0.0.2", "10.0.0.1"])).toStrictEqual(oldestFirst);
});

test("the one where the last check succeeded is the first of its family, in whatever order they come", () => {
  order.succeeded("db:5432", "10.0.0.2");
  const stays = ["10.0.0.2", "2001:db8::1", "10.0.0.1", "10.0.0.3"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(stays);
  order.succeeded("db:5432", "10.0.0.3");
  expect(order.inOrder("db:5432", SAID)[0]).toBe("10.0.0.3");
  order.failed("db:5432", "10.0.0.3");
  const before = ["10.0.0.2", "2001:db8::1", "10.0.0.1", "10.0.0.3"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(before);
});

test("one that failed and succeeds later is the first", () => {
  order.failed("db:5432", "10.0.0.1");
  order.failed("db:5432", "10.0.0.2");
  order.succeeded("db:5432", "10.0.0.2");
  const first2 = ["10.0.0.2", "2001:db8::1", "10.0.0.3", "10.0.0.1"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(first2);
});

test("as they come, where the one that failed is no more, or on another port", () => {
  order.failed("db:5432", "10.0.0.9");
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(SAID);
  order.failed("db:5432", "10.0.0.1");
  expect(order.inOrder("db:5433", SAID)).toStrictEqual(SAID);
});

test("one that some lookups do not give, as of a name with more addresses than a lookup takes, is not forgotten by them", () => {
  order.failed("db:5432", "10.0.0.1");
  expect(order.inOrder("db:5432", ["10.0.0.4", "10.0.0.5"])).toStrictEqual([
    "10.0.0.4",
    "10.0.0.5",
  ]);
  order.failed("db:5432", "10.0.0.4");
  expect(order.inOrder("db:5432", ["10.0.0.1", "10.0.0.6"])).toStrictEqual([
    "10.0.0.6",
    "10.0.0.1",
  ]);
});

test("addresses that come and go leave room; the one that was met longest ago goes first", () => {
  const met = Array.from({ length: 16 }, (_, index) => `10.0.1.${index}`);
  const [oldest, next, renewed, other] = ["10.0.1.0", "10.0.1.1", "10.0.1.9", "10.0.0.1"];
  for (const address of [...met, renewed]) order.failed("db:5432", address);
  expect(order.inOrder("db:5432", [oldest, other])).toStrictEqual([other, oldest]);
  order.failed("db:5432", "10.0.2.0");
  expect(order.inOrder("db:5432", [oldest, other])).toStrictEqual([oldest, other]);
  expect(order.inOrder("db:5432", [next, other])).toStrictEqual([other, next]);
});

test("hosts that come and go with a Secret leave room; the one that was met longest ago goes first", () => {
  for (let host = 0; host < 17; host += 1) order.failed(`db-${host}:5432`, "10.0.0.1");
  expect(order.inOrder("db-0:5432", SAID)).toStrictEqual(SAID);
  expect(order.inOrder("db-1:5432", SAID)).not.toStrictEqual(SAID);
});
