import type { Plan, PlanObject, PlanTerm } from "../api/plans.js";
import type { Range } from "../bucket/get.js";
import { SluiceError } from "../errors.js";
import { FRAME_MAX_BYTES } from "../hash/limits.js";
import type { Unit } from "../hash/messages.js";

/** Most bytes of one request, stored and decoded, unless a single unit is larger. */
const REQUEST_MAX_BYTES = 4 << 20;
const CHUNK_MAX_BYTES = 65_536;

/** A range of an object that holds consecutive chunks of the version. */
export interface PlannedRequest extends Range {
  units: Unit[];
  /** Where the chunks start and end in the version, in bytes. */
  from: number;
  to: number;
  /** When the URL stops working, in milliseconds since 1970. */
  expiresAt: number;
}

/** Turns a page of a plan into requests. The page starts at the byte `from` of the version. */
export function requestsOf(plan: Plan, from: number): PlannedRequest[] {
  const expiresAt = Date.parse(plan.expiresAt);
  const requests: PlannedRequest[] = [];
  let offset = from;
  for (const term of plan.terms) {
    if (term.offset !== offset) throw unusable("leaves bytes out");
    const { object, ...range } = placeOf(term, plan.objects ?? []);
    let { start } = range;
    for (const unit of unitsOf(term)) {
      const part = { url: object.url, headers: object.headers ?? {}, start, expiresAt };
      const length = unit.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      addUnit(requests, part, unit, offset, length);
      start += unit.storedLength;
      offset += length;
    }
    if (start !== range.end || offset - term.offset !== term.length) {
      throw unusable("has runs that are not as long as their chunks");
    }
  }
  return requests;
}

/** Adds a unit to the last request if it follows directly, or else to a new request. */
function addUnit(
  requests: PlannedRequest[],
  part: Pick<PlannedRequest, "url" | "headers" | "start" | "expiresAt">,
  unit: Unit,
  from: number,
  length: number,
): void {
  const last = requests.at(-1);
  const to = from + length;
  const follows = last?.url === part.url && last.start + last.length === part.start;
  const fits =
    last &&
    last.length + unit.storedLength <= REQUEST_MAX_BYTES &&
    to - last.from <= Math.max(REQUEST_MAX_BYTES, length);
  if (follows && fits) {
    last.units.push(unit);
    last.length += unit.storedLength;
    last.to = to;
  } else {
    requests.push({ ...part, length: unit.storedLength, units: [unit], from, to });
  }
}

/** Assigns the chunks of a run to its units. The chunks fill the units without gaps. */
function unitsOf(term: PlanTerm): Unit[] {
  const chunks = term.chunks ?? [];
  if (chunks.some((chunk) => !(chunk.length >= 1 && chunk.length <= CHUNK_MAX_BYTES))) {
    throw unusable("has an impossible chunk");
  }
  if (term.encoding === "raw") {
    return chunks.map(({ id, length }) => ({ storedLength: length, chunks: [{ id, length, offset: 0 }] }));
  }
  if (term.encoding !== "zstd") throw unusable("has an unknown encoding");
  const units: Unit[] = (term.frames ?? []).map((frame) => {
    const { storedLength, length: decodedLength } = frame;
    const isPossible =
      storedLength >= 1 && storedLength <= 2 * FRAME_MAX_BYTES && decodedLength <= FRAME_MAX_BYTES;
    if (!isPossible) throw unusable("has impossible frames");
    return { storedLength, decodedLength, chunks: [] };
  });
  assignChunks(units, chunks, term.skip ?? 0);
  return units;
}

function assignChunks(units: Unit[], chunks: NonNullable<PlanTerm["chunks"]>, skip: number): void {
  let index = 0;
  let offset = skip;
  for (const { id, length } of chunks) {
    // Frames hold whole chunks, so the next frame starts where a chunk ends.
    if (offset === units[index]?.decodedLength) {
      index += 1;
      offset = 0;
    }
    const unit = units[index];
    if (!unit || offset + length > (unit.decodedLength ?? 0))
      throw unusable("has chunks that lie in no frame");
    unit.chunks.push({ id, length, offset });
    offset += length;
  }
  if (index !== units.length - 1) throw unusable("has frames without chunks");
}

function placeOf(term: PlanTerm, objects: PlanObject[]): { object: PlanObject; start: number; end: number } {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(term.range ?? "") ?? [];
  const object = objects[term.object ?? -1];
  if (!object || first === undefined || last === undefined) {
    throw unusable("does not say where the bytes are");
  }
  return { object, start: Number(first), end: Number(last) + 1 };
}

function unusable(why: string): SluiceError {
  return new SluiceError("unexpected_answer", `a plan that ${why}`);
}
