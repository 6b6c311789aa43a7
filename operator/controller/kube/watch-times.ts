/** How long a watch waits for what. */

/** All times in milliseconds. */
export interface WatchTimes {
  /** After the first failure; doubled by each further one in a row. */
  firstBackoff: number;
  maxBackoff: number;
  /**
   * A watch that brings nothing for so long is dead: the API server sends a bookmark every minute, and
   * a connection whose other side has vanished reports no error of its own.
   */
  silence: number;
  /** How long one watch may last; the server is asked to end it, and our own timer does so otherwise. */
  watchLength: number;
  /** The whole collection anew at least so often, in case an event was lost without a sign. */
  relist: number;
  /** After a relist that was due has failed, the next attempt; the watch goes on meanwhile. */
  relistRetry: number;
}

/** Those of a watch, unless it is told otherwise. */
export const WATCH_TIMES: WatchTimes = {
  firstBackoff: 500,
  maxBackoff: 30_000,
  silence: 150_000,
  watchLength: 300_000,
  relist: 600_000,
  relistRetry: 60_000,
};
