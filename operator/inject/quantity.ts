/** Kubernetes quantities, compared and added without losing a byte. */

/** What a suffix stands for, in billionths of one: API servers keep nothing smaller. The largest first. */
const BINARY: Record<string, bigint> = {
  Ei: (10n ** 9n) << 60n,
  Pi: (10n ** 9n) << 50n,
  Ti: (10n ** 9n) << 40n,
  Gi: (10n ** 9n) << 30n,
  Mi: (10n ** 9n) << 20n,
  Ki: (10n ** 9n) << 10n,
};
/** Those that a sum is written with when it is not written with a binary one; again the largest first. */
const WRITTEN: Record<string, bigint> = { "": 10n ** 9n, m: 10n ** 6n, u: 10n ** 3n, n: 1n };
const SUFFIXES: Record<string, bigint> = {
  ...BINARY,
  ...WRITTEN,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  P: 10n ** 24n,
  E: 10n ** 27n,
};

/**
 * The largest sum: 2^63 - 1 thousandths, as kubelets count CPUs; more wraps, and no container of the pod starts. Bytes,
 * of which they count 2^63 - 1, have the same bound for simplicity: no node has the 8 PiB that this is.
 */
const MAX_SUM = (2n ** 63n - 1n) * 10n ** 6n;

/** Digits and exponents are bounded, because who writes a pod also writes these: 1e999999999 would not end. */
const QUANTITY =
  /^(?=[+-]?\.?\d)([+-]?\d{0,30})(?:\.(\d{0,30}))?(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;

/** The billionths that a quantity such as `500m`, `64Mi` or 1 stands for; undefined when the text is none. */
export function quantity(text: string | number): bigint | undefined {
  const match = QUANTITY.exec(String(text));
  if (!match) return undefined;
  const [, whole = "", fraction = "", exponent = "0", suffix = ""] = match;
  const digits = BigInt(`${whole.replace("+", "")}${fraction}`);
  const power = Number(exponent);
  const large = digits * (SUFFIXES[suffix] ?? 0n) * 10n ** BigInt(Math.max(power, 0));
  const parts = 10n ** BigInt(fraction.length + Math.max(-power, 0));
  // Less than a billionth counts as one, as for API servers.
  return large / parts + (large % parts > 0n ? 1n : 0n);
}

/** Whether it is stated, and is 0. */
export function isZero(text: string | number | undefined): boolean {
  return text !== undefined && quantity(text) === 0n;
}

/** Whether `left` is less than `right`; what is no quantity counts as 0. */
export function isLess(left: string | number, right: string | number): boolean {
  return (quantity(left) ?? 0n) < (quantity(right) ?? 0n);
}

/**
 * `left` and `right` together, as API servers take it; `left` as it is where one of them is no quantity, or where
 * the sum would be more than MAX_SUM.
 */
export function addQuantities(left: string | number, right: string | number): string | number {
  const [before, added] = [quantity(left), quantity(right)];
  if (before === undefined || added === undefined || before + added > MAX_SUM) return left;
  const isBinary = [left, right].some((text) => String(text).endsWith("i"));
  const units = Object.entries({ ...(isBinary && BINARY), ...WRITTEN });
  const [suffix, unit] = units.find(([, size]) => (before + added) % size === 0n) ?? ["n", 1n];
  return `${(before + added) / unit}${suffix}`;
}
