/** Pure: resolv.conf and the hosts file, as the C library reads them (resolv.conf(5), hosts(5)). */
import { isIP } from "node:net";

/** How short names are completed. */
export interface SearchList {
  domains: string[];
  /** From so many dots on a name is tried as it stands first. */
  ndots: number;
}

/** What a resolv.conf says. */
export interface ResolvConf extends SearchList {
  /** IP addresses of name servers, in the order in which to ask them; at least one. */
  servers: string[];
  /** Ask by TCP alone, as some networks need it. */
  tcpOnly: boolean;
}

/** What the C library allows at most (MAXNDOTS). */
const MAX_NDOTS = 15;
/** The most search domains that are used; Kubernetes allows 32. */
const MAX_SEARCH_DOMAINS = 32;
/** The most name servers that are asked, as of the C library (MAXNS) and of Kubernetes. */
const MAX_SERVERS = 3;
/** Where a name server is when none is named. */
const LOCAL_SERVER = "127.0.0.1";

const lines = (text: string, comment: RegExp): string[][] =>
  text.split("\n").map((line) => line.replace(comment, "").trim().split(/\s+/));

/** What a resolv.conf says; of several `search` or `domain` lines the last one counts. */
export function parseResolvConf(text: string): ResolvConf {
  const settings = lines(text, /[#;].*/);
  const valuesOf = (...keywords: string[]) =>
    settings.filter(([keyword = ""]) => keywords.includes(keyword)).map(([, ...values]) => values);
  const domains = valuesOf("search", "domain").at(-1) ?? [];
  const options = valuesOf("options").flat();
  const servers = valuesOf("nameserver").flatMap(([address = ""]) =>
    isIP(address) ? [address] : [],
  );
  return {
    domains: domains.map(withoutDot).filter(Boolean).slice(0, MAX_SEARCH_DOMAINS),
    ndots: ndotsOf(options) ?? 1,
    servers: servers.length > 0 ? servers.slice(0, MAX_SERVERS) : [LOCAL_SERVER],
    tcpOnly: options.includes("use-vc"),
  };
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
