/** Pure: resolv.conf and the hosts file, which `dns.Resolver` does not read for names. */
import { isIP } from "node:net";

/** How short names are completed. */
export interface SearchList {
  domains: string[];
  /** From so many dots on a name is tried as it stands first. */
  ndots: number;
}

/** What the C library allows at most (MAXNDOTS). */
const MAX_NDOTS = 15;
/** The most search domains that are used; Kubernetes allows 32. */
const MAX_SEARCH_DOMAINS = 32;

const lines = (text: string, comment: RegExp): string[][] =>
  text.split("\n").map((line) => line.replace(comment, "").trim().split(/\s+/));

/** The search list of a resolv.conf; of several `search` or `domain` lines the last one counts. */
export function parseResolvConf(text: string): SearchList {
  const list: SearchList = { domains: [], ndots: 1 };
  for (const [keyword, ...values] of lines(text, /[#;].*/)) {
    if (keyword === "search" || keyword === "domain") {
      list.domains = values.map(withoutDot).filter(Boolean).slice(0, MAX_SEARCH_DOMAINS);
    }
    if (keyword === "options") list.ndots = ndotsOf(values) ?? list.ndots;
  }
  return list;
}

function ndotsOf(options: string[]): number | undefined {
  const option = options.findLast((value) => /^ndots:\d{1,3}$/.test(value));
  return option === undefined
    ? undefined
    : Math.min(Number(option.slice("ndots:".length)), MAX_NDOTS);
}

/** The names to ask a name server for, in order: as the C library completes `host`. */
export function candidateNames(host: string, search: SearchList): string[] {
  if (host.endsWith(".")) return [withoutDot(host)];
  const completed = search.domains.map((domain) => `${host}.${domain}`);
  const dots = host.split(".").length - 1;
  return dots >= search.ndots ? [host, ...completed] : [...completed, host];
}

/** Every address that a hosts file gives for `host`, in its order. */
export function addressesInHosts(text: string, host: string): string[] {
  const wanted = withoutDot(host).toLowerCase();
  return lines(text, /#.*/).flatMap(([address, ...names]) =>
    address && isIP(address) !== 0 && names.some((name) => name.toLowerCase() === wanted)
      ? [address]
      : [],
  );
}

function withoutDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
