/** Pure: whether a text is what an authority's certificates come in. */
import { X509Certificate } from "node:crypto";
import { hasExplicitCurve } from "./explicit-curves.ts";

/** tls.connect skips what it cannot read and then trusts nobody, which would look like a wrong server. */
export function isPemBundle(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate);
}

function isCertificate(pem: string): boolean {
  const der = Buffer.from(pem.replace(/-----[^-]*-----/g, ""), "base64");
  if (hasExplicitCurve(der)) return false;
  try {
    new X509Certificate(der);
    return true;
  } catch {
    return false;
  }
}
