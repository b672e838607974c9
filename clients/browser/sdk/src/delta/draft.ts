import type { components } from "../api/schema.js";
import type { Cut } from "../hash/messages.js";

type ManifestTerm = components["schemas"]["ManifestTerm"];
type PackReference = components["schemas"]["PackReference"];

/** The largest pack in bytes. */
const PACK_MAX_BYTES = 64 << 20;
/** The most chunks of a pack. */
const PACK_MAX_CHUNKS = 16_384;
/** The most packs of an upload, sent and named together. */
const PACKS_MAX = 90;
/** The largest manifest in characters: a request's body is at most 1 MiB, and something stands around it. */
const MANIFEST_MAX_CHARACTERS = 900_000;
const ID_BYTES = 32;

/** Consecutive chunks of a pack that the account has. */
export interface KnownRun {
  packId: string;
  /** The number of the first chunk in the pack, from 0. */
  firstChunk: number;
  /** As in `Cut`. */
  ids: Uint8Array<ArrayBuffer>;
  /** As in `Cut`. */
  lengths: Uint32Array<ArrayBuffer>;
}

/** What is sent of a file, and how the file is put together from it. */
export interface Draft {
  /** For each pack that is sent: the ranges of the file that make it, as pairs of beginning and end in bytes. */
  packs: [number, number][][];
  manifest: { packs: number[][]; terms: ManifestTerm[] };
  /** The size of the packs together. */
  newBytes: number;
  /** The size of the last pack. */
  openBytes: number;
}

interface Place {
  pack: PackReference;
  chunk: number;
}

/** Where chunks lie. Of several places of a chunk the one that was added first is found. */
class KnownChunks {
  readonly #places = new Map<string, Place>();
  readonly #chunks = new Map<string, string>();

  add(place: Place, chunk: string): void {
    this.#chunks.set(`${place.pack}/${place.chunk}`, chunk);
    if (!this.#places.has(chunk)) this.#places.set(chunk, place);
  }

  /** At `next` if it is there too, so that runs are followed as far as they go. */
  find(chunk: string, next: Place | undefined): Place | undefined {
    if (next && this.#chunks.get(`${next.pack}/${next.chunk}`) === chunk) return next;
    return this.#places.get(chunk);
  }
}

/** How the file is sent as a delta; nothing if that saves less than a quarter of it, or is beyond a limit. */
export function makeDraft(cut: Pick<Cut, "ids" | "lengths">, runs: KnownRun[]): Draft | undefined {
  const known = new KnownChunks();
  for (const { packId, firstChunk, ids, lengths } of runs) {
    lengths.forEach((length, index) => {
      known.add({ pack: packId, chunk: firstChunk + index }, nameOf(ids, index, length));
    });
  }
  const draft: Draft = { packs: [], manifest: { packs: [], terms: [] }, newBytes: 0, openBytes: 0 };
  let offset = 0;
  let next: Place | undefined;
  cut.lengths.forEach((length, index) => {
    const name = nameOf(cut.ids, index, length);
    let place = known.find(name, next);
    if (!place) {
      place = send(draft, offset, length);
      known.add(place, name);
    }
    append(draft.manifest.terms, place, length);
    next = { pack: place.pack, chunk: place.chunk + 1 };
    offset += length;
  });
  const isWorthIt = draft.newBytes < Math.floor(offset / 4) * 3;
  return isWorthIt && isWithinLimits(draft) ? draft : undefined;
}

/** A chunk is known by its whole id and its length. */
function nameOf(ids: Uint8Array, index: number, length: number): string {
  const id = ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
  return String.fromCharCode(...id, length & 0xff, length >> 8);
}

/** Adds a chunk to what is sent. */
function send(draft: Draft, offset: number, length: number): Place {
  const { packs, manifest } = draft;
  const open = manifest.packs.at(-1);
  if (!open || draft.openBytes + length > PACK_MAX_BYTES || open.length === PACK_MAX_CHUNKS) {
    manifest.packs.push([]);
    packs.push([]);
    draft.openBytes = 0;
  }
  const lengths = manifest.packs.at(-1) as number[];
  const ranges = packs.at(-1) as [number, number][];
  const last = ranges.at(-1);
  if (last?.[1] === offset) last[1] += length;
  else ranges.push([offset, offset + length]);
  lengths.push(length);
  draft.newBytes += length;
  draft.openBytes += length;
  return { pack: packs.length, chunk: lengths.length - 1 };
}

/** Adds a chunk to the content: to the last term, if it follows there. */
function append(terms: ManifestTerm[], { pack, chunk }: Place, length: number): void {
  const last = terms.at(-1);
  if (last?.pack === pack && last.first_chunk + last.chunk_count === chunk) {
    last.chunk_count += 1;
    last.length += length;
  } else {
    terms.push({ pack, first_chunk: chunk, chunk_count: 1, length });
  }
}

function isWithinLimits({ manifest }: Draft): boolean {
  const packs = new Set(manifest.terms.map((term) => term.pack));
  return packs.size <= PACKS_MAX && JSON.stringify(manifest).length <= MANIFEST_MAX_CHARACTERS;
}
