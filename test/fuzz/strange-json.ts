/** For tests: JSON that is almost right, since what is wholly wrong is refused at its first field. */
import fc from "fast-check";

/** What programs in other languages, and people who mean ill, write where something else belongs. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  "",
  "text",
  "-",
  "x".repeat(300),
  "\u0000\r\n",
  "\uD800",
  [],
  [null],
  [[]],
  {},
  { name: null },
  { length: 3 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
];

/** Where something else is put: at each level the field of this number, counted round, and none below the last. */
interface Disturbance {
  way: number[];
  value: unknown;
}

const disturbance: fc.Arbitrary<Disturbance> = fc.record({
  way: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
  value: fc.oneof(fc.constantFrom(...STRANGE), fc.jsonValue({ maxDepth: 2 })),
});

function disturbed(value: unknown, { way, value: strange }: Disturbance): unknown {
  const [step, ...further] = way;
  if (step === undefined || typeof value !== "object" || value === null) return strange;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return strange;
  const child = disturbed((value as Record<string, unknown>)[key], {
    way: further,
    value: strange,
  });
  return Array.isArray(value) ? value.with(Number(key), child) : { ...value, [key]: child };
}

/** What `right` gives, with up to three parts of it exchanged. */
export function strangeJson(right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(right, fc.array(disturbance, { maxLength: 3 }))
    .map(([value, disturbances]) => disturbances.reduce<unknown>(disturbed, value));
}

/** The text of such JSON, now and then with some characters cut out or exchanged, and now and then any text. */
export function strangeJsonText(right: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const text = strangeJson(right).map((value) => JSON.stringify(value) ?? "");
  const broken = fc
    .tuple(text, fc.nat(), fc.nat(20), fc.constantFrom("", '"', "{", "\\", "\u0000", "9"))
    .map(([whole, at, length, other]) => {
      const start = at % (whole.length + 1);
      return whole.slice(0, start) + other + whole.slice(start + length);
    });
  return fc.oneof({ arbitrary: text, weight: 8 }, broken, fc.string({ unit: "binary" }));
}
