/** A way to upload a file: presigned PUTs in a bare loop, the SDK, or Uppy's own uploader for S3. */
export type Way = "bare" | "sluice" | "uppy";

/** What to upload to where. Sizes are bytes. */
export interface Job {
  api: string;
  token: string;
  path: string;
  partSize: number;
  /** Requests to the bucket at once. */
  parallel: number;
}

/** What an upload took, as its page saw it. */
export interface Measured {
  /** Until the first bytes set out for the bucket. */
  firstPutMillis: number;
  /** Until all bytes lay in the bucket and the upload was complete. */
  completedMillis: number;
  /** Until the server had verified them. */
  availableMillis: number;
  /** The longest task of the main thread that the browser reported; it reports those from 50 ms on. */
  longestTaskMillis: number;
  /** The longest time by which a timer of 5 ms was late. */
  longestDelayMillis: number;
}
