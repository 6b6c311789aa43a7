/** Containers that standards leave alone. */

/**
 * Proxies of meshes that stand among the app's containers, by their names. How they are probed is the mesh's own
 * business: they are neither judged nor raised. Somebody who calls his app so gets around the standards.
 */
export const EXEMPT_CONTAINERS: readonly string[] = ["istio-proxy", "linkerd-proxy"];
