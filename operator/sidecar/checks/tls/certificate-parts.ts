/** Pure: what of a certificate has to be known before OpenSSL sees it (RFC 5280, section 4.1). */
import { allElements, type DerElement, firstElements, IDENTIFIER, SEQUENCE } from "./der.ts";

/** Of the version, the one part before the key that may be left out. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** Where the key stands among the parts, without the version. */
const KEY_PLACE = 5;
const MAX_PARTS = 10;
/** More than honest certificates have. */
const MAX_EXTENSIONS = 64;

/** The parts. */
export interface CertificateParts {
  /** The SubjectPublicKeyInfo. */
  publicKey: DerElement;
  extensions: Extension[];
}

/** One extension. */
export interface Extension {
  /** The content of its OBJECT IDENTIFIER, in hexadecimal. */
  identifier: string;
  /** How many bytes it has, the identifier included. */
  length: number;
}

function extensionOf({ tag, content }: DerElement): Extension | undefined {
  const [identifier] = tag === SEQUENCE ? firstElements(content, 1) : [];
  if (identifier?.tag !== IDENTIFIER) return undefined;
  return { identifier: identifier.content.toString("hex"), length: content.length };
}

function extensionsOf(part: DerElement): Extension[] | undefined {
  const [list] = firstElements(part.content, 1);
  const elements = list?.tag === SEQUENCE ? allElements(list.content, MAX_EXTENSIONS) : undefined;
  const extensions = elements?.map(extensionOf);
  return extensions?.every((extension) => extension !== undefined) ? extensions : undefined;
}

/** Of a certificate in DER; undefined where it cannot be read: what OpenSSL would take in its place is not known. */
export function certificateParts(certificate: Buffer): CertificateParts | undefined {
  const [whole] = firstElements(certificate, 1);
  const [toBeSigned] = whole?.tag === SEQUENCE ? firstElements(whole.content, 1) : [];
  const parts = toBeSigned?.tag === SEQUENCE ? allElements(toBeSigned.content, MAX_PARTS) : [];
  const publicKey = parts?.[parts[0]?.tag === VERSION ? KEY_PLACE + 1 : KEY_PLACE];
  const last = parts?.find(({ tag }) => tag === EXTENSIONS);
  const extensions = last ? extensionsOf(last) : [];
  return publicKey && extensions && { publicKey, extensions };
}
