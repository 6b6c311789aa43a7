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

test("the one that failed is the last of its family, and the other family stays in its place", () => {
  order.failed("db:5432", "10.0.0.1");
  const last1 = ["10.0.0.2", "2001:db8::1", "10.0.0.3", "10.0.0.1"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last1);
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last1);
  order.failed("db:5432", "10.0.0.2");
  const last2 = ["10.0.0.1", "2001:db8::1", "10.0.0.3", "10.0.0.2"];
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(last2);
  order.failed("db:5432", "2001:db8::1");
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(SAID);
});

test("as they come, where the one that failed is no more, or on another port", () => {
  order.failed("db:5432", "10.0.0.9");
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(SAID);
  order.failed("db:5432", "10.0.0.1");
  expect(order.inOrder("db:5433", SAID)).toStrictEqual(SAID);
});

test("as they come, once none could be connected to", () => {
  order.failed("db:5432", "10.0.0.1");
  order.forget("db:5432");
  expect(order.inOrder("db:5432", SAID)).toStrictEqual(SAID);
});

test("hosts that come and go with a Secret leave room; the one that failed longest ago goes first", () => {
  for (let host = 0; host < 17; host += 1) order.failed(`db-${host}:5432`, "10.0.0.1");
  expect(order.inOrder("db-0:5432", SAID)).toStrictEqual(SAID);
  expect(order.inOrder("db-1:5432", SAID)).not.toStrictEqual(SAID);
});
