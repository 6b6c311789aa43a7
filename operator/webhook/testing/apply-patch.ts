/** JSON Patch, applied as RFC 6902 says; for tests, which must not trust the code that makes patches. */
import type { Operation } from "../patch.ts";

type Node = Record<string, unknown> | unknown[];

function stepsOf(path: string): string[] {
  if (path !== "" && !path.startsWith("/")) throw new Error(`not a pointer: ${path}`);
  return path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function child(node: unknown, step: string): unknown {
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, step)) {
    throw new Error(`no such member: ${step}`);
  }
  return (node as Record<string, unknown>)[step];
}

function changeList(list: unknown[], step: string, operation: Operation): void {
  const index = step === "-" ? list.length : Number(step);
  const last = operation.op === "add" ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) throw new Error(`no item ${step}`);
  const added = operation.op === "remove" ? [] : [operation.value];
  list.splice(index, operation.op === "add" ? 0 : 1, ...added);
}

function changeObject(fields: Record<string, unknown>, step: string, operation: Operation): void {
  if (operation.op !== "add") child(fields, step);
  if (operation.op === "remove") delete fields[step];
  else
    Object.defineProperty(fields, step, {
      value: operation.value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
}

/** A copy of `document` with the operations done in order; throws where one cannot be. */
export function applyPatch(document: unknown, operations: readonly Operation[]): unknown {
  const root = { document: structuredClone(document) };
  for (const operation of operations) {
    const steps = ["document", ...stepsOf(operation.path)];
    const last = steps.pop() as string;
    const parent = steps.reduce<unknown>(child, root) as Node;
    if (Array.isArray(parent)) changeList(parent, last, operation);
    else changeObject(parent, last, operation);
  }
  return root.document;
}
