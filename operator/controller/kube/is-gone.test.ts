import { expect, test } from "@jest/globals";
import { isGone } from "./is-gone.ts";

const deletionTimestamp = "2026-01-01T00:00:00Z";
test.each<[string, object, boolean]>([
  ["one that nobody deletes is there", { finalizers: ["example.com/hook"] }, false],
  ["one that is being deleted is gone", { deletionTimestamp }, true],
  ["without finalizers too", { deletionTimestamp, finalizers: [] }, true],
  [
    "while what it owns is collected",
    { deletionTimestamp, finalizers: ["foregroundDeletion"] },
    true,
  ],
  [
    "also where others hold it",
    { deletionTimestamp, finalizers: ["example.com/hook", "foregroundDeletion"] },
    true,
  ],
  [
    "while that is orphaned",
    { deletionTimestamp, finalizers: ["example.com/hook", "orphan"] },
    true,
  ],
  [
    "it is there while a finalizer of others stands",
    { deletionTimestamp, finalizers: ["argocd.argoproj.io/hook-finalizer"] },
    false,
  ],
])("%s", (_, more, want) => {
  expect(isGone(more)).toBe(want);
});
