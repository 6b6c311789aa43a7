/** Containers that standards leave alone, and whose user the sidecar never takes. */

/**
 * What webhooks of others put among the app's containers, by their names: proxies of meshes, and Vault's agent, which
 * has no probe. How they are probed is those webhooks' business: they are neither judged nor raised. Else no team
 * could mend what is counted of its pods. Somebody who calls his app so gets around the standards.
 */
export const EXEMPT_CONTAINERS: readonly string[] = [
  "istio-proxy",
  "linkerd-proxy",
  "consul-dataplane",
  "vault-agent",
];
