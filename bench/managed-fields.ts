/** What of a pod nobody reads: the operator has to take its bytes all the same. */
export const managedFields = [{ manager: "kubelet", fieldsV1: { padding: "f".repeat(2_500) } }];
