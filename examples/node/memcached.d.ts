/** The few calls of the npm package `memcached` that the example and the bench make; it brings no types. */
declare module "memcached" {
  type Callback<T> = (error: unknown, result: T) => void;
  export default class Memcached {
    constructor(
      servers: string | string[],
      options?: { timeout?: number; retries?: number; retry?: number; failures?: number },
    );
    set(key: string, value: string, lifetimeSeconds: number, callback: Callback<boolean>): void;
    get(key: string, callback: Callback<unknown>): void;
    stats(callback: Callback<unknown>): void;
    end(): void;
  }
}
