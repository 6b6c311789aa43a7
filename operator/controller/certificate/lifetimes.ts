/** How long the webhook's certificates are valid. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How long an authority is valid, in milliseconds: 5 years. */
export const CA_LIFETIME_MILLISECONDS = 5 * 365 * DAY;
/** How long the webhook's certificate is valid, in milliseconds: 90 days. */
export const LEAF_LIFETIME_MILLISECONDS = 90 * DAY;
/** Certificates are valid from so long before they were made: clocks of nodes differ. */
export const BACKDATE_MILLISECONDS = 10 * MINUTE;
