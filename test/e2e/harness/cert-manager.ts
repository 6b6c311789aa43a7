/**
 * A stand-in for cert-manager, whose images cannot be pulled into the test cluster: definitions of the names and the
 * shape of its own, and what its controller and its cainjector do for the chart's objects, one pass at a call.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KUBECTL, POLL } from "../timeouts.ts";
import {
  type CertificateSpec,
  type IssuedCertificate,
  issueCertificate,
} from "./issue-certificate.ts";
import { kubectl, kubectlJson, run } from "./kubectl.ts";

const DEFINITIONS = join(import.meta.dirname, "cert-manager.yaml");
const NAMES = ["certificates.cert-manager.io", "issuers.cert-manager.io"];
/** On a Secret: the Certificate that it belongs to. No other one's authority goes into a configuration. */
const CERTIFICATE_NAME = "cert-manager.io/certificate-name";
/** On a configuration: the Certificate, `namespace/name`, whose authority goes into it. */
const INJECT_CA_FROM = "cert-manager.io/inject-ca-from";

interface Certificate {
  metadata: { name: string; namespace: string };
  spec: CertificateSpec;
}

interface Issuer {
  metadata: { name: string };
  spec: { selfSigned?: object; ca?: { secretName: string } };
}

interface Secret {
  metadata: { annotations?: Record<string, string> };
  data?: Record<string, string>;
}

interface Configuration {
  metadata: { name: string; annotations?: Record<string, string> };
  webhooks: { clientConfig: { caBundle?: string } }[];
}

/** Installs the definitions. */
export async function installCertManager(): Promise<void> {
  await kubectl(["apply", "--server-side", "-f", DEFINITIONS]);
  const established = ["--for=condition=Established", `--timeout=${KUBECTL}ms`];
  await kubectl(["wait", "crd", ...NAMES, ...established], { timeout: 2 * KUBECTL });
}

/** Takes the definitions away, and all objects of theirs with them. Secrets stay, as cert-manager leaves them. */
export async function removeCertManager(): Promise<void> {
  await kubectl(["delete", "-f", DEFINITIONS, "--ignore-not-found"]);
}

async function objectsIn<T>(namespace: string, kind: string): Promise<T[]> {
  return (await kubectlJson<{ items: T[] }>("get", kind, "-n", namespace)).items;
}

/** Undefined while there is none. */
async function secretOf(namespace: string, name: string): Promise<Secret | undefined> {
  const one = ["get", "secret", name, "-n", namespace, "-o", "json", "--ignore-not-found"];
  const { stdout } = await run("kubectl", one);
  return stdout ? (JSON.parse(stdout) as Secret) : undefined;
}

const contentOf = ({ data = {} }: Secret) =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
  ) as unknown as IssuedCertificate;

/** Fills the Secret of a Certificate, and says that it is ready. */
async function fill(certificate: Certificate, issued: IssuedCertificate): Promise<void> {
  const { name, namespace } = certificate.metadata;
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: certificate.spec.secretName,
      namespace,
      annotations: { [CERTIFICATE_NAME]: name },
    },
    type: "kubernetes.io/tls",
    stringData: issued,
  };
  const input = JSON.stringify(secret);
  await kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], { input });
  const conditions = [{ type: "Ready", status: "True", reason: "Ready" }];
  const ready = ["--type=merge", "-p", JSON.stringify({ status: { conditions } })];
  await kubectl(["patch", "certificate", name, "-n", namespace, "--subresource=status", ...ready]);
}

/** Does what its issuer can do now; false where that waits for an authority. */
async function issue(certificate: Certificate, issuers: readonly Issuer[], before?: Secret) {
  const { spec, metadata } = certificate;
  const issuer = issuers.find(({ metadata: { name } }) => name === spec.issuerRef.name);
  if (!issuer) return false;
  const { ca } = issuer.spec;
  const authority = ca && (await secretOf(metadata.namespace, ca.secretName));
  if (ca && !authority) return false;
  const held = before && contentOf(before);
  await fill(certificate, await issueCertificate(spec, authority && contentOf(authority), held));
  return true;
}

/** Writes an authority into each webhook of a configuration, where another one stands. */
async function inject({ metadata, webhooks }: Configuration, authority: string): Promise<void> {
  const changes = webhooks.flatMap(({ clientConfig }, index) =>
    clientConfig.caBundle === authority
      ? []
      : [{ op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: authority }],
  );
  if (changes.length === 0) return;
  const patch = ["--field-manager=cainjector", "--type=json", "-p", JSON.stringify(changes)];
  await kubectl(["patch", "mutatingwebhookconfiguration", metadata.name, ...patch]);
}

/** True when every configuration that asks for an authority has it. */
async function injectAll(namespace: string, certificates: readonly Certificate[]) {
  const kind = "mutatingwebhookconfigurations";
  const { items } = await kubectlJson<{ items: Configuration[] }>("get", kind);
  const asking = items.filter(({ metadata }) => metadata.annotations?.[INJECT_CA_FROM]);
  for (const configuration of asking) {
    const from = configuration.metadata.annotations?.[INJECT_CA_FROM];
    const certificate = certificates.find(
      ({ metadata }) => from === `${namespace}/${metadata.name}`,
    );
    const secret = certificate && (await secretOf(namespace, certificate.spec.secretName));
    const owner = secret?.metadata.annotations?.[CERTIFICATE_NAME];
    const authority = secret?.data?.["ca.crt"];
    if (!authority || owner !== certificate?.metadata.name) return false;
    await inject(configuration, authority);
  }
  return asking.length > 0;
}

/**
 * One pass over a namespace: fills the Secrets of Certificates that have none and of those that are to be `renewed`, in
 * this order, and writes authorities into the configurations that ask for one of there. True when all is done that
 * there is to do.
 */
export async function actAsCertManager(
  namespace: string,
  renewed: string[] = [],
): Promise<boolean> {
  const certificates = await objectsIn<Certificate>(namespace, "certificates.cert-manager.io");
  const issuers = await objectsIn<Issuer>(namespace, "issuers.cert-manager.io");
  const inOrder = certificates.toSorted(
    (a, b) => renewed.indexOf(a.metadata.name) - renewed.indexOf(b.metadata.name),
  );
  let issued = certificates.length > 0;
  for (const certificate of inOrder) {
    const before = await secretOf(namespace, certificate.spec.secretName);
    if (before && !renewed.includes(certificate.metadata.name)) continue;
    if (!(await issue(certificate, issuers, before))) issued = false;
  }
  return (await injectAll(namespace, certificates)) && issued;
}

/** Passes over a namespace again and again until `during` is over: cert-manager runs all the time. */
export async function whileCertManagerActs(
  namespace: string,
  during: () => Promise<unknown>,
): Promise<void> {
  let over = false;
  const acting = (async () => {
    while (!over) {
      await actAsCertManager(namespace);
      await sleep(POLL);
    }
  })();
  try {
    await Promise.race([during(), acting]);
  } finally {
    over = true;
    await acting;
  }
}
