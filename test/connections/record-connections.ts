/** Before end-to-end tests: Jest's globalSetup. */
import { startRecording } from "./node-record.ts";

export default async function recordConnections(): Promise<void> {
  await startRecording();
}
