/** Kubernetes quantities, as far as comparing two of them needs. */

const SUFFIXES: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]i?|Ki)?$/;

/** The number that a quantity such as `500m`, `64Mi` or 1 stands for; NaN when the text is none. */
export function quantity(text: string | number): number {
  const [, number, suffix = ""] = QUANTITY.exec(String(text)) ?? [];
  return Number(number) * (SUFFIXES[suffix] ?? Number.NaN);
}
