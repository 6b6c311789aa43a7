/** What a TLS server sends -> its records, and whether they may come: as far as that can be told without keys. */

/** The head of a record: its type, two bytes of version, the length of what follows (RFC 8446, section 5.1). */
export const HEAD_LENGTH = 5;
const CHANGE_CIPHER_SPEC = 20;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
const MAJOR_VERSION = 3;
/** The most that may follow the head (RFC 5246, section 6.2.3). */
const MAX_RECORD_LENGTH = 16 * 1024 + 2_048;

/**
 * The longest handshake record after a ChangeCipherSpec. In TLS 1.2 that is the end of the server's handshake, of
 * up to 100 bytes, in TLS 1.3 a ServerHello after a HelloRetryRequest, of about 230 with a key of P-521. What else
 * fits beside the former are some 50 requests for another handshake, which take a millisecond.
 */
const MAX_LAST_HANDSHAKE_RECORD = 256;

/**
 * Takes the bytes as they arrive and gives out whole records, each as one. What cannot be a record comes out as it
 * is, for OpenSSL to say so. Holds less than one record.
 */
export function recordSplitter(): (chunk: Buffer) => Buffer[] {
  let held: Buffer[] = [];
  let length = 0;
  let wanted = HEAD_LENGTH;
  return (chunk) => {
    held.push(chunk);
    length += chunk.length;
    // Put together only once there is something to give out: a record may come a byte at a time.
    if (length < wanted) return [];
    let rest = Buffer.concat(held);
    const records: Buffer[] = [];
    for (wanted = endOfRecord(rest); wanted <= rest.length; wanted = endOfRecord(rest)) {
      records.push(rest.subarray(0, wanted));
      rest = rest.subarray(wanted);
    }
    held = [rest];
    length = rest.length;
    return records;
  };
}

/** Where the record at the beginning of `bytes` ends, or how many bytes it takes to tell. */
function endOfRecord(bytes: Buffer): number {
  if (bytes.length < HEAD_LENGTH) return HEAD_LENGTH;
  const length = bytes.readUInt16BE(HEAD_LENGTH - 2);
  const type = bytes[0] as number;
  const possible =
    type >= CHANGE_CIPHER_SPEC && type <= APPLICATION_DATA && bytes[1] === MAJOR_VERSION;
  return possible && length <= MAX_RECORD_LENGTH ? HEAD_LENGTH + length : bytes.length;
}

/**
 * Tells of one record after the other whether it may come. After its ChangeCipherSpec a server has one more
 * handshake record that is marked as such. Any other asks for a new handshake, in TLS 1.2, and 15,000 requests fit
 * into 64 KiB. OpenSSL would refuse each on its own, and keep a core busy for 0.4 s.
 */
export function handshakeRule(): (record: Buffer) => boolean {
  let last: "unseen" | "expected" | "over" = "unseen";
  return (record) => {
    if (record[0] === CHANGE_CIPHER_SPEC && last === "unseen") last = "expected";
    if (record[0] !== HANDSHAKE || last === "unseen") return true;
    const allowed = last === "expected" && record.length <= MAX_LAST_HANDSHAKE_RECORD;
    last = "over";
    return allowed;
  };
}

/**
 * The most records after the handshake that bring no content, and their bytes together. Honest servers send up to
 * four tickets for sessions to come, most of 250 bytes, and an alert at the end.
 */
export const MAX_SILENT_RECORDS = 16;
const MAX_SILENT_BYTES = 8 * 1024;

/**
 * Tells of one record after the other, once OpenSSL has worked it through and the handshake was over before it,
 * whether there may be more. `content` is how many bytes a reader was given so far: in TLS 1.3 nothing but what
 * becomes of a record tells a ticket or a new key from an answer. 64 KiB of them keep a core busy for 10 to 40 ms.
 */
export function silenceRule(): (record: Buffer, content: number) => boolean {
  let given = 0;
  let records = 0;
  let bytes = 0;
  return (record, content) => {
    if (content === given) {
      records += 1;
      bytes += record.length;
    }
    given = content;
    return records <= MAX_SILENT_RECORDS && bytes <= MAX_SILENT_BYTES;
  };
}
