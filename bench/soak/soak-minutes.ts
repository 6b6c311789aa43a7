const DEFAULT_MINUTES = 60;

/**
 * For how many minutes SOAK_MINUTES asks; unset or empty: an hour. Throws where it is no number above 0: no round would
 * be played, and none of the rules be broken.
 */
export function soakMinutes(text: string | undefined): number {
  const minutes = Number(text || DEFAULT_MINUTES);
  if (minutes > 0) return minutes;
  throw new Error(`SOAK_MINUTES=${text} must be a number of minutes, such as 34`);
}
