import { call, type Query } from "./call.js";
import type { Endpoint } from "./endpoint.js";
import type { components } from "./schema.js";
import type { FromWire } from "./wire.js";

type Schemas = components["schemas"];

/** One page of a plan: which pack ranges hold a version's bytes. */
export type Plan = FromWire<Schemas["Plan"]>;
/** An object that contains runs, and how to read it. */
export type PlanObject = FromWire<Schemas["PlanObject"]>;
/** A run of chunks of one pack. */
export type PlanTerm = FromWire<Schemas["PlanTerm"]>;

/** Which part of a plan to ask for. */
export interface PlanQuery extends Query {
  /** The current version if absent. */
  version?: string | undefined;
  cursor?: string | undefined;
  /** Leave out chunks before this byte. */
  from?: number;
  /** Leave out chunks from this byte on. */
  to?: number;
  /** Ask for the previous location of the bytes, if they cannot be read at the current one. */
  former?: boolean;
}

/** Fetches one page of a version's plan. */
export function getPlan(
  endpoint: Endpoint,
  fileId: string,
  query: PlanQuery,
  signal: AbortSignal,
): Promise<Plan> {
  const path = `/files/${encodeURIComponent(fileId)}/plan`;
  return call<Schemas["Plan"]>(endpoint, { method: "GET", path, query, patient: true, signal });
}
