import { call } from "../api/call.js";
import type { Endpoint } from "../api/endpoint.js";
import { getPlan, type PlanTerm } from "../api/plans.js";
import type { components } from "../api/schema.js";
import { hasCode } from "../errors.js";
import type { Version } from "../types.js";
import type { PackRun } from "./types.js";

/** Returns the current version of the file at the path, if there is one. */
export async function versionAt(
  endpoint: Endpoint,
  path: string,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const { files } = await call<components["schemas"]["FileList"]>(endpoint, {
    method: "GET",
    path: "/files",
    query: { path },
    patient: true,
    signal,
  });
  return files[0];
}

/** Returns a version's chunks and their locations; none if the version is gone. */
export async function runsOf(
  endpoint: Endpoint,
  { fileId, versionId }: Version,
  signal: AbortSignal,
): Promise<PackRun[]> {
  const runs: PackRun[] = [];
  try {
    let cursor: string | undefined;
    do {
      const plan = await getPlan(endpoint, fileId, { version: versionId, cursor }, signal);
      runs.push(...plan.terms.map(toRun));
      cursor = plan.nextCursor ?? undefined;
    } while (cursor);
    return runs;
  } catch (error) {
    if (hasCode(error, "not_found", "version_not_available")) return [];
    throw error;
  }
}

function toRun({ packId, firstChunk, chunks = [] }: PlanTerm): PackRun {
  return {
    packId,
    firstChunk,
    ids: fromHex(chunks.map((chunk) => chunk.id).join("")),
    lengths: Uint32Array.from(chunks, (chunk) => chunk.length),
  };
}

/** Decodes lower-case hex to bytes. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = (digit(text, 2 * index) << 4) | digit(text, 2 * index + 1);
  }
  return bytes;
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 0x40 ? code - 0x30 : code - 0x57;
}
