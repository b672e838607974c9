import type { Connection } from "../connection.js";
import { call, type Query } from "./call.js";
import type { components } from "./schema.js";

/** One page of how a version's bytes are put together. */
export type Plan = components["schemas"]["Plan"];
/** A run of chunks of one pack. */
export type PlanTerm = components["schemas"]["PlanTerm"];

/** Which part of a plan. */
export interface PlanQuery extends Query {
  /** The current one if absent. */
  version?: string | undefined;
  cursor?: string | undefined;
  /** Leave out the chunks before this byte. */
  from?: number;
  /** Leave out the chunks from this byte on. */
  to?: number;
  /** Where the bytes lay before, for those that cannot be read where they are said to lie. */
  former?: boolean;
}

/** One page of a version's plan. */
export function getPlan(
  connection: Connection,
  fileId: string,
  query: PlanQuery,
  signal: AbortSignal,
): Promise<Plan> {
  const path = `/files/${encodeURIComponent(fileId)}/plan`;
  return call(connection, { method: "GET", path, query, patient: true, signal });
}
