/** As much of a logger as the webhook uses; fields first, as in pino. */
export interface Log {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
