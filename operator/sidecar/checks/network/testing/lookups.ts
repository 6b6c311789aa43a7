/** Test fixture: a hosts file, a resolv.conf and a name server, and lookups in them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@jest/globals";
import type { Resolve, ResolveSources } from "../resolve.ts";
import { type FakeDns, startFakeDns } from "./fake-dns.ts";

/** How long a lookup may take in these tests, in milliseconds, and what a busy machine may add. */
const LIMIT = 400;
const GRACE = 500;
/** What lookup and connection may take together: name servers may be silent for a second then. */
const BUDGET = 4_000;

/** Where names are looked up. */
export interface Lookups {
  folder: string;
  dns: FakeDns;
  sources: ResolveSources;
  close(): Promise<void>;
}

/** Starts the name server, which answers as that of `startFakeDns` does. */
export async function startLookups(...answers: Parameters<typeof startFakeDns>): Promise<Lookups> {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-resolve-"));
  const dns = await startFakeDns(...answers);
  const sources = {
    hostsPath: join(folder, "hosts"),
    resolvConfPath: join(folder, "resolv.conf"),
    servers: [dns.server],
  };
  writeFileSync(sources.hostsPath, "127.0.0.1 localhost\n::1 localhost\n10.9.9.9 listed.test\n");
  writeFileSync(sources.resolvConfPath, "search shop.svc.test svc.test\noptions ndots:2\n");
  const close = async () => {
    await dns.close();
    rmSync(folder, { recursive: true });
  };
  return { folder, dns, sources, close };
}

/** What a lookup gives within `limit` milliseconds: addresses, or a reason. */
export async function look(
  host: string,
  resolve: Resolve,
  { limit = LIMIT, budget = BUDGET } = {},
): Promise<string[] | string> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limit);
  const started = performance.now();
  try {
    return (await resolve(host, controller.signal, { budgetMilliseconds: budget })).addresses;
  } catch (error) {
    return (error as { reason: string }).reason;
  } finally {
    clearTimeout(timer);
    expect(performance.now() - started).toBeLessThan(limit + GRACE);
  }
}
