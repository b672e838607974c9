import type { Plan, PlanTerm } from "../api/plans.js";
import type { Range } from "../bucket/get.js";
import { SluiceError } from "../errors.js";
import { FRAME_MAX_BYTES } from "../hash/limits.js";
import type { Unit } from "../hash/messages.js";

/** What one request asks for at most, as it is stored and as it is decoded, unless a single unit is more. */
const REQUEST_MAX_BYTES = 4 << 20;
const CHUNK_MAX_BYTES = 65_536;

/** Consecutive bytes of an object, which hold consecutive chunks of the version. */
export interface PlannedRequest extends Range {
  units: Unit[];
  /** Where in the version the chunks begin and end, in bytes. */
  from: number;
  to: number;
  /** When the URL stops working, in milliseconds since 1970. */
  expiresAt: number;
}

/** The requests for the chunks of a page of a plan, which begins at the byte `from` of the version. */
export function requestsOf(plan: Plan, from: number): PlannedRequest[] {
  const expiresAt = Date.parse(plan.expires_at);
  const requests: PlannedRequest[] = [];
  let offset = from;
  for (const term of plan.terms) {
    if (term.offset !== offset) throw unusable("leaves bytes out");
    const range = rangeOf(term);
    let start = range.start;
    for (const unit of unitsOf(term)) {
      const placed = { url: range.url, headers: term.headers ?? {}, start, expiresAt };
      const length = unit.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      place(requests, placed, unit, offset, length);
      start += unit.storedLength;
      offset += length;
    }
    if (start !== range.end || offset - term.offset !== term.length) {
      throw unusable("has runs that are not as long as their chunks");
    }
  }
  return requests;
}

/** Adds a unit: to the last request, if it follows there. */
function place(
  requests: PlannedRequest[],
  placed: Pick<PlannedRequest, "url" | "headers" | "start" | "expiresAt">,
  unit: Unit,
  from: number,
  length: number,
): void {
  const last = requests.at(-1);
  const to = from + length;
  const follows = last?.url === placed.url && last.start + last.length === placed.start;
  const fits =
    last &&
    last.length + unit.storedLength <= REQUEST_MAX_BYTES &&
    to - last.from <= Math.max(REQUEST_MAX_BYTES, length);
  if (follows && fits) {
    last.units.push(unit);
    last.length += unit.storedLength;
    last.to = to;
  } else {
    requests.push({ ...placed, length: unit.storedLength, units: [unit], from, to });
  }
}

/** The chunks of a run, which lie in its units one after the other and fill them. */
function unitsOf(term: PlanTerm): Unit[] {
  const chunks = term.chunks ?? [];
  if (chunks.some((chunk) => !(chunk.length >= 1 && chunk.length <= CHUNK_MAX_BYTES))) {
    throw unusable("has an impossible chunk");
  }
  if (term.encoding === "raw") {
    return chunks.map(({ id, length }) => ({ storedLength: length, chunks: [{ id, length, within: 0 }] }));
  }
  if (term.encoding !== "zstd") throw unusable("has an encoding that is not known here");
  const units: Unit[] = (term.frames ?? []).map((frame) => {
    const { stored_length: storedLength, length: decodedLength } = frame;
    const isPossible =
      storedLength >= 1 && storedLength <= 2 * FRAME_MAX_BYTES && decodedLength <= FRAME_MAX_BYTES;
    if (!isPossible) throw unusable("has impossible frames");
    return { storedLength, decodedLength, chunks: [] };
  });
  fill(units, chunks, term.skip ?? 0);
  return units;
}

function fill(units: Unit[], chunks: NonNullable<PlanTerm["chunks"]>, skip: number): void {
  let index = 0;
  let within = skip;
  for (const { id, length } of chunks) {
    // Frames hold whole chunks: the next begins where the last one has ended.
    if (within === units[index]?.decodedLength) {
      index += 1;
      within = 0;
    }
    const unit = units[index];
    if (!unit || within + length > (unit.decodedLength ?? 0))
      throw unusable("has chunks that lie in no frame");
    unit.chunks.push({ id, length, within });
    within += length;
  }
  if (index !== units.length - 1) throw unusable("has frames without chunks");
}

function rangeOf(term: PlanTerm): { url: string; start: number; end: number } {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(term.range ?? "") ?? [];
  if (!term.url || first === undefined || last === undefined) {
    throw unusable("does not say where the bytes are");
  }
  return { url: term.url, start: Number(first), end: Number(last) + 1 };
}

function unusable(why: string): SluiceError {
  return new SluiceError("unexpected_answer", `a plan that ${why}`);
}
