/** What uploads the file: a bare loop of presigned PUTs, the SDK, or Uppy's own uploader for S3. */
export type Uploader = "bare" | "sluice" | "uppy";

/** Where and how to upload. Sizes are bytes. */
export interface Job {
  api: string;
  token: string;
  path: string;
  partSize: number;
  /** Concurrent requests to the bucket. */
  parallel: number;
}

/** Measurements that the page makes of an upload. */
export interface Measured {
  /** Until the first request to the bucket. */
  firstPutMillis: number;
  /** Until the answer to `complete`. */
  completedMillis: number;
  /** Until the server had verified all bytes. */
  availableMillis: number;
  /** The longest task of the main thread. Browsers report tasks from 50 ms on. */
  longestTaskMillis: number;
  /** The longest delay of a timer of 5 ms. */
  longestDelayMillis: number;
}
