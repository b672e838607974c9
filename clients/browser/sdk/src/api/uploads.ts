import type { Connection } from "../connection.js";
import { hasCode } from "../errors.js";
import type { Version } from "../types.js";
import { call } from "./call.js";
import type { components } from "./schema.js";

type Schemas = components["schemas"];
export type UploadRequest = Schemas["UploadRequest"];
export type UploadPlan = Schemas["UploadPlan"];
export type UploadView = Schemas["UploadView"];
export type PartUrl = Schemas["PartUrl"];
export type Completion = Schemas["Completion"];
export type ReceivedPart = Schemas["ReceivedPart"];

/** How many parts or ids go into one call. */
export const CALL_MAX = 100;

/** What `POST /uploads` answers. */
export type Begun = { outcome: "instant"; version: Version } | ({ outcome: "upload" } & UploadPlan);

/** Begins an upload, or finds that the account has the content. A repeat with the same key gives the first answer. */
export function beginUpload(
  connection: Connection,
  body: UploadRequest,
  idempotencyKey: string,
  ifMatch: string | undefined,
): Promise<Begun> {
  return call(connection, {
    method: "POST",
    path: "/uploads",
    body,
    idempotencyKey,
    ifMatch,
    patient: true,
  });
}

/** One upload, in any state, with the parts received. */
export function getUpload(
  connection: Connection,
  uploadId: string,
  signal?: AbortSignal,
): Promise<UploadView> {
  return call(connection, { method: "GET", path: address(uploadId), patient: true, signal });
}

/** Uploads of the account by id, without those it does not have. */
export async function getUploads(connection: Connection, uploadIds: string[]): Promise<UploadView[]> {
  const query = { ids: uploadIds.join(",") };
  const list = await call<Schemas["UploadList"]>(connection, {
    method: "GET",
    path: "/uploads",
    query,
    patient: true,
  });
  return list.uploads;
}

/** All uploads of the account that are open or pending. */
export async function listUploads(
  connection: Connection,
  options: { patient?: boolean; signal?: AbortSignal } = {},
): Promise<UploadView[]> {
  const uploads: UploadView[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 1000, cursor };
    const page: Schemas["UploadList"] = await call(connection, {
      method: "GET",
      path: "/uploads",
      query,
      ...options,
    });
    uploads.push(...page.uploads);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return uploads;
}

/** Fresh URLs of these parts, at most `CALL_MAX`. */
export async function signParts(
  connection: Connection,
  uploadId: string,
  numbers: number[],
  signal: AbortSignal,
): Promise<PartUrl[]> {
  const body = { parts: numbers.map((number) => ({ number })) };
  const path = `${address(uploadId)}/parts`;
  const urls = await call<Schemas["PartUrls"]>(connection, {
    method: "POST",
    path,
    body,
    patient: true,
    signal,
  });
  return urls.parts;
}

/** Says that all bytes have arrived. Gives the version, which is pending at first. */
export async function completeUpload(
  connection: Connection,
  uploadId: string,
  body: Completion,
  signal?: AbortSignal,
): Promise<Version> {
  const path = `${address(uploadId)}/complete`;
  const completed = await call<Schemas["Completed"]>(connection, {
    method: "POST",
    path,
    body,
    patient: true,
    signal,
  });
  return completed.version;
}

/** Gives an upload up. One that is gone already is no error. */
export async function abortUpload(connection: Connection, uploadId: string): Promise<void> {
  try {
    await call(connection, { method: "DELETE", path: address(uploadId) });
  } catch (error) {
    if (!hasCode(error, "not_found")) throw error;
  }
}

/** Makes a version of content that the account has; nothing if it has not. */
export async function lookUp(
  connection: Connection,
  body: Schemas["Lookup"],
  ifMatch: string | undefined,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const answer = await call<Schemas["LookupAnswer"]>(connection, {
    method: "POST",
    path: "/lookups",
    body,
    ifMatch,
    patient: true,
    signal,
  });
  return answer.outcome === "instant" ? answer.version : undefined;
}

function address(uploadId: string): string {
  return `/uploads/${encodeURIComponent(uploadId)}`;
}
