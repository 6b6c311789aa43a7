// Keeps a container alive until it is asked to stop. As process 1, node ignores SIGTERM unless told otherwise.
process.once("SIGTERM", () => process.exit(0));
setInterval(() => {}, 2 ** 30);
