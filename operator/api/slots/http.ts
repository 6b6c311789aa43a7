/** The slot `http`: its fields, their rules, and what unset ones mean. */
import { z } from "zod";
import { type CelRule, cel, matches, quoting, rangeRule, sentence } from "../cel.ts";
import {
  DEPENDENCY_DEFAULTS,
  HTTP_METHODS,
  MAX_HOST_HEADER_LENGTH,
  MAX_PATH_LENGTH,
  MAX_STATUS,
  MIN_STATUS,
} from "../limits.ts";
import { describe, host, tcpPort } from "../v1alpha1-fields.ts";
import { HOST_HEADER_PATTERN, REQUEST_PATH_PATTERN } from "../wire-text.ts";
import { directTls, fillDirectTls } from "./tls.ts";

const DEFAULTS = DEPENDENCY_DEFAULTS.http;

/** What a request line can hold between two spaces. */
const PATH_RULE: CelRule = {
  rule: matches("self", REQUEST_PATH_PATTERN),
  messageExpression: quoting(
    'path "%s": begin with / and use printable ASCII without space and #',
    "self",
  ),
  message: "path: begin with / and use printable ASCII without space and #, on one line",
};

const HOST_HEADER_RULE: CelRule = {
  rule: matches("self", HOST_HEADER_PATTERN),
  messageExpression: quoting(
    'hostHeader "%s": give a host name or IP address, with :port where the server wants one, and no URL',
    "self",
  ),
  message: "hostHeader: give a host name or IP address, on one line",
};

const MINIMUM = `(has(self.minimum) ? self.minimum : ${DEFAULTS.minimumStatus})`;
const MAXIMUM = `(has(self.maximum) ? self.maximum : ${DEFAULTS.maximumStatus})`;

const STATUS_ORDER_RULE: CelRule = {
  rule: `${MINIMUM} <= ${MAXIMUM}`,
  messageExpression: sentence(
    "expectedStatus: minimum (%d) must not be more than maximum (%d)",
    MINIMUM,
    MAXIMUM,
  ),
};

const status = (field: string, text: string) =>
  z
    .int32()
    .optional()
    .meta({
      ...describe(text),
      ...cel(rangeRule(field, { minimum: MIN_STATUS, maximum: MAX_STATUS })),
    });

/** The schema of the slot `http`. */
export const http = z
  .object({
    host,
    port: tcpPort
      .optional()
      .meta(
        describe(`TCP port; unset: ${DEFAULTS.port}, or ${DEFAULTS.tlsPort} where tls is set.`),
      ),
    method: z
      .enum(HTTP_METHODS)
      .optional()
      .meta(describe(`Method of the request; unset: ${DEFAULTS.method}.`)),
    path: z
      .string()
      .max(MAX_PATH_LENGTH)
      .optional()
      .meta({
        ...describe(
          `Path of the request, with its query if there is one; unset: ${DEFAULTS.path}.`,
        ),
        ...cel(PATH_RULE),
      }),
    hostHeader: z
      .string()
      .max(MAX_HOST_HEADER_LENGTH)
      .optional()
      .meta({
        ...describe(
          "Host header of the request, and with tls the name that is asked for and verified; unset: host and port.",
        ),
        ...cel(HOST_HEADER_RULE),
      }),
    expectedStatus: z
      .object({
        minimum: status(
          "minimum",
          `The lowest status that counts as up; unset: ${DEFAULTS.minimumStatus}.`,
        ),
        maximum: status(
          "maximum",
          `The highest status that counts as up; unset: ${DEFAULTS.maximumStatus}.`,
        ),
      })
      .optional()
      .meta({
        ...describe(
          "Which answers count as up. A redirect is an answer like any other: it is not followed.",
        ),
        ...cel(STATUS_ORDER_RULE),
      }),
    tls: directTls("Set: https. Unset: http."),
  })
  .meta(
    describe(
      "An HTTP server, which must answer a request with a status that is expected. The request goes to the server itself, never through a proxy.",
    ),
  );

/** Fills in what is unset. */
export function fillHttp(slot: z.infer<typeof http>) {
  const { expectedStatus, tls: encryption, ...rest } = slot;
  const tls = fillDirectTls(encryption);
  const port = tls.mode === "Disable" ? DEFAULTS.port : DEFAULTS.tlsPort;
  return {
    ...rest,
    port: rest.port ?? port,
    method: rest.method ?? DEFAULTS.method,
    path: rest.path ?? DEFAULTS.path,
    expectedStatus: {
      minimum: expectedStatus?.minimum ?? DEFAULTS.minimumStatus,
      maximum: expectedStatus?.maximum ?? DEFAULTS.maximumStatus,
    },
    tls,
  };
}
