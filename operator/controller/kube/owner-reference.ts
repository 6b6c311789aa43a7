/** A reference from an object to its owner, by which the garbage collector deletes it with that one. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}
