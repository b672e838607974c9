/** Converts between the snake_case names of the API and the camelCase names of this library. */

/** Maps with keys of their own: the user's metadata, and HTTP headers. Their keys are never converted. */
type MapName = "metadata" | "headers";
const MAPS: readonly string[] = ["metadata", "headers"] satisfies MapName[];

/** A name in camelCase: `next_cursor` becomes `nextCursor`. */
export type CamelCase<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** A type of the API with camelCase property names, at every depth. */
export type FromWire<Wire> = Wire extends readonly (infer Item)[]
  ? FromWire<Item>[]
  : Wire extends object
    ? {
        [Name in keyof Wire as CamelCase<Name>]: Name extends MapName ? Wire[Name] : FromWire<Wire[Name]>;
      }
    : Wire;

/** Renames the properties of an answer to camelCase. */
export function fromWire<Wire>(answer: Wire): FromWire<Wire> {
  return renamed(answer, (name) =>
    name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
  ) as FromWire<Wire>;
}

/** Renames the properties of a request to snake_case. */
export function toWire(request: unknown): unknown {
  return renamed(request, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    return [rename(name), MAPS.includes(name) ? inner : renamed(inner, rename)];
  });
  return Object.fromEntries(entries);
}
