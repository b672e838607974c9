import { hasCode } from "../errors.js";
import type { Version } from "../types.js";
import { call } from "./call.js";
import type { Endpoint } from "./endpoint.js";
import type { components } from "./schema.js";
import type { FromWire } from "./wire.js";

type Schemas = components["schemas"];
export type UploadRequest = FromWire<Schemas["UploadRequest"]>;
export type UploadPlan = FromWire<Schemas["UploadPlan"]>;
export type UploadView = FromWire<Schemas["UploadView"]>;
export type PartUrl = FromWire<Schemas["PartUrl"]>;
export type Completion = FromWire<Schemas["Completion"]>;
export type ReceivedPart = FromWire<Schemas["ReceivedPart"]>;
export type Lookup = FromWire<Schemas["Lookup"]>;

/** Most parts or upload ids in one call. */
export const CALL_MAX = 100;

/** The answer to `POST /uploads`. */
export type CreatedUpload = { outcome: "instant"; version: Version } | ({ outcome: "upload" } & UploadPlan);
type WireCreatedUpload =
  { outcome: "instant"; version: Schemas["VersionView"] } | ({ outcome: "upload" } & Schemas["UploadPlan"]);

/**
 * Creates an upload, or a version at once if the account has the bytes. A repeat with the same key returns
 * the first answer.
 */
export function createUpload(
  endpoint: Endpoint,
  body: UploadRequest,
  idempotencyKey: string,
  ifMatch: string | undefined,
): Promise<CreatedUpload> {
  return call<WireCreatedUpload>(endpoint, {
    method: "POST",
    path: "/uploads",
    body,
    idempotencyKey,
    ifMatch,
    patient: true,
  });
}

/** Fetches an upload in any state, with the parts received. */
export function getUpload(endpoint: Endpoint, uploadId: string, signal?: AbortSignal): Promise<UploadView> {
  return call<Schemas["UploadView"]>(endpoint, {
    method: "GET",
    path: pathOf(uploadId),
    patient: true,
    signal,
  });
}

/** Fetches uploads by id. Those that the account does not have are left out. */
export async function getUploads(endpoint: Endpoint, uploadIds: string[]): Promise<UploadView[]> {
  const list = await call<Schemas["UploadList"]>(endpoint, {
    method: "GET",
    path: "/uploads",
    query: { ids: uploadIds.join(",") },
    patient: true,
  });
  return list.uploads;
}

/** Lists the account's open and pending uploads. */
export async function listUploads(
  endpoint: Endpoint,
  options: { patient?: boolean; signal?: AbortSignal } = {},
): Promise<UploadView[]> {
  const uploads: UploadView[] = [];
  let cursor: string | undefined;
  do {
    const page: FromWire<Schemas["UploadList"]> = await call<Schemas["UploadList"]>(endpoint, {
      method: "GET",
      path: "/uploads",
      query: { limit: 1000, cursor },
      ...options,
    });
    uploads.push(...page.uploads);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return uploads;
}

/** Gets new presigned URLs for these parts, at most `CALL_MAX`. */
export async function signParts(
  endpoint: Endpoint,
  uploadId: string,
  numbers: number[],
  signal: AbortSignal,
): Promise<PartUrl[]> {
  const urls = await call<Schemas["PartUrls"]>(endpoint, {
    method: "POST",
    path: `${pathOf(uploadId)}/parts`,
    body: { parts: numbers.map((number) => ({ number })) },
    patient: true,
    signal,
  });
  return urls.parts;
}

/** Tells the server that all bytes have arrived. Returns the version, which is pending at first. */
export async function completeUpload(
  endpoint: Endpoint,
  uploadId: string,
  body: Completion,
  signal?: AbortSignal,
): Promise<Version> {
  const completed = await call<Schemas["Completed"]>(endpoint, {
    method: "POST",
    path: `${pathOf(uploadId)}/complete`,
    body,
    patient: true,
    signal,
  });
  return completed.version;
}

/** Aborts an upload. One that has already ended, or that the server is verifying, is left as it is. */
export async function abortUpload(endpoint: Endpoint, uploadId: string): Promise<void> {
  try {
    await call(endpoint, { method: "DELETE", path: pathOf(uploadId) });
  } catch (error) {
    if (!hasCode(error, "not_found", "upload_ended")) throw error;
  }
}

/**
 * Makes a version of bytes that the account has. Returns undefined if it does not have them. A repeat with
 * the same key returns the first version.
 */
export async function lookUp(
  endpoint: Endpoint,
  body: Lookup,
  idempotencyKey: string,
  ifMatch: string | undefined,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const answer = await call<Schemas["LookupAnswer"]>(endpoint, {
    method: "POST",
    path: "/lookups",
    body,
    idempotencyKey,
    ifMatch,
    patient: true,
    signal,
  });
  return answer.outcome === "instant" ? answer.version : undefined;
}

function pathOf(uploadId: string): string {
  return `/uploads/${encodeURIComponent(uploadId)}`;
}
