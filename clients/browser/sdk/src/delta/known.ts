import { call } from "../api/call.js";
import { getPlan, type PlanTerm } from "../api/plans.js";
import type { components } from "../api/schema.js";
import type { Connection } from "../connection.js";
import { hasCode } from "../errors.js";
import type { Version } from "../types.js";
import type { KnownRun } from "./draft.js";

/** The current version of the file at the path, if there is one. */
export async function versionAt(
  connection: Connection,
  path: string,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const query = { path };
  const { files } = await call<components["schemas"]["FileList"]>(connection, {
    method: "GET",
    path: "/files",
    query,
    patient: true,
    signal,
  });
  return files[0];
}

/** The chunks of a version and where they lie; none if it is gone. */
export async function knownRuns(
  connection: Connection,
  { file_id, version_id }: Version,
  signal: AbortSignal,
): Promise<KnownRun[]> {
  const runs: KnownRun[] = [];
  try {
    let cursor: string | undefined;
    do {
      const plan = await getPlan(connection, file_id, { version: version_id, cursor }, signal);
      runs.push(...plan.terms.map(toRun));
      cursor = plan.next_cursor ?? undefined;
    } while (cursor);
    return runs;
  } catch (error) {
    if (hasCode(error, "not_found", "version_not_available")) return [];
    throw error;
  }
}

function toRun({ pack_id, first_chunk, chunks = [] }: PlanTerm): KnownRun {
  return {
    packId: pack_id,
    firstChunk: first_chunk,
    ids: fromHex(chunks.map((chunk) => chunk.id).join("")),
    lengths: Uint32Array.from(chunks, (chunk) => chunk.length),
  };
}

/** The bytes that lower-case hex stands for. */
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
