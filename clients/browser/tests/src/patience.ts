/** How long stories wait by default. Long, because emulators are slow and the machine may be busy. */
export const PATIENCE_MILLISECONDS = 90_000;
