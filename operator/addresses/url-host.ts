/** Pure: an IP address as it stands in a URL and in a Host header. */

/** IPv6 addresses stand in brackets. */
export function urlHost(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}
