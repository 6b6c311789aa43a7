/**
 * Loaded into a program of the soak before its own code. V8 collects what has outlived two minor collections only once
 * the heap has grown a good deal since the last time, and keeps pages that are nearly empty: in a program with little
 * to do, hours pass until its memory is as large as it will be, and until then it looks like a leak. No TypeScript: to
 * strip its types would cost each program some memory.
 */
const MINUTE = 60_000;

const { gc } = globalThis;
if (gc === undefined) throw new Error("Start node with --expose-gc.");
/** As V8 does when memory is short: what is left moves together, and empty pages go. */
setInterval(() => gc({ type: "major", execution: "sync", flavor: "last-resort" }), MINUTE).unref();
