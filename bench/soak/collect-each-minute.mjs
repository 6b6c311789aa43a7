/**
 * Loaded into a program of the soak before its own code. V8 collects what has outlived two minor collections only once
 * the heap has grown a good deal since the last time: in a program with little to do, hours pass until then, and what
 * is waiting to be collected looks like a leak. No TypeScript: to strip its types would cost each program some memory.
 */
const MINUTE = 60_000;

const { gc } = globalThis;
if (gc === undefined) throw new Error("Start node with --expose-gc.");
setInterval(() => gc(), MINUTE).unref();
