import { toWire } from "../api/wire.js";
import type { Chunks, Draft, ManifestTerm, PackReference, PackRun } from "./types.js";

const PACK_MAX_BYTES = 64 << 20;
const PACK_MAX_CHUNKS = 16_384;
/** Most packs that one upload may send or refer to. */
const PACKS_MAX = 90;
/**
 * The largest manifest in characters. A request's body is at most 1 MiB, and holds more than the manifest.
 */
const MANIFEST_MAX_CHARACTERS = 900_000;
const ID_BYTES = 32;

interface ChunkLocation {
  pack: PackReference;
  chunk: number;
}

/** Maps chunks to their locations in packs. If a chunk has several, the first one added counts. */
class ChunkIndex {
  readonly #locations = new Map<string, ChunkLocation>();
  readonly #chunks = new Map<string, string>();

  add(location: ChunkLocation, chunk: string): void {
    this.#chunks.set(`${location.pack}/${location.chunk}`, chunk);
    if (!this.#locations.has(chunk)) this.#locations.set(chunk, location);
  }

  /** Prefers the location `next` if the chunk is there too, so that runs stay as long as possible. */
  find(chunk: string, next: ChunkLocation | undefined): ChunkLocation | undefined {
    if (next && this.#chunks.get(`${next.pack}/${next.chunk}`) === chunk) return next;
    return this.#locations.get(chunk);
  }
}

/**
 * Drafts a delta upload. Returns undefined if it would save less than a quarter of the file, or exceed a
 * limit.
 */
export function makeDraft({ ids, lengths }: Chunks, runs: PackRun[]): Draft | undefined {
  const index = indexOf(runs);
  const draft: Draft = { packs: [], manifest: { packs: [], terms: [] }, newBytes: 0, lastPackBytes: 0 };
  let offset = 0;
  let next: ChunkLocation | undefined;
  lengths.forEach((length, number) => {
    const key = keyOf(ids, number, length);
    let location = index.find(key, next);
    if (!location) {
      location = appendToPack(draft, offset, length);
      index.add(location, key);
    }
    appendTerm(draft.manifest.terms, location, length);
    next = { pack: location.pack, chunk: location.chunk + 1 };
    offset += length;
  });
  const isWorthwhile = draft.newBytes < Math.floor(offset / 4) * 3;
  return isWorthwhile && isWithinLimits(draft) ? draft : undefined;
}

function indexOf(runs: PackRun[]): ChunkIndex {
  const index = new ChunkIndex();
  for (const { packId, firstChunk, ids, lengths } of runs) {
    lengths.forEach((length, number) => {
      index.add({ pack: packId, chunk: firstChunk + number }, keyOf(ids, number, length));
    });
  }
  return index;
}

/** Chunks are equal if both their ids and their lengths are. */
function keyOf(ids: Uint8Array, number: number, length: number): string {
  const id = ids.subarray(number * ID_BYTES, (number + 1) * ID_BYTES);
  return String.fromCharCode(...id, length & 0xff, length >> 8);
}

/** Adds a chunk of the file to the last pack, or to a new one if that is full. */
function appendToPack(draft: Draft, offset: number, length: number): ChunkLocation {
  const { packs, manifest } = draft;
  const last = manifest.packs.at(-1);
  if (!last || draft.lastPackBytes + length > PACK_MAX_BYTES || last.length === PACK_MAX_CHUNKS) {
    manifest.packs.push([]);
    packs.push([]);
    draft.lastPackBytes = 0;
  }
  const lengths = manifest.packs.at(-1) as number[];
  const ranges = packs.at(-1) as [number, number][];
  const lastRange = ranges.at(-1);
  if (lastRange?.[1] === offset) lastRange[1] += length;
  else ranges.push([offset, offset + length]);
  lengths.push(length);
  draft.newBytes += length;
  draft.lastPackBytes += length;
  return { pack: packs.length, chunk: lengths.length - 1 };
}

/** Appends a chunk to the manifest: to the last term if it continues that run. */
function appendTerm(terms: ManifestTerm[], { pack, chunk }: ChunkLocation, length: number): void {
  const last = terms.at(-1);
  if (last?.pack === pack && last.firstChunk + last.chunkCount === chunk) {
    last.chunkCount += 1;
    last.length += length;
  } else {
    terms.push({ pack, firstChunk: chunk, chunkCount: 1, length });
  }
}

function isWithinLimits({ manifest }: Draft): boolean {
  const packs = new Set(manifest.terms.map((term) => term.pack));
  return packs.size <= PACKS_MAX && JSON.stringify(toWire(manifest)).length <= MANIFEST_MAX_CHARACTERS;
}
