/** An XMLHttpRequest that the test answers. */
export class TestRequest {
  /** Those that were sent, in order. */
  static readonly sent: TestRequest[] = [];
  status = 0;
  responseText = "";
  url = "";
  isAborted = false;
  onreadystatechange: (() => void) | undefined;
  onloadend: (() => void) | undefined;
  readonly upload: { onprogress?: (event: { loaded: number }) => void; onload?: () => void } = {};

  open(_method: string, url: string): void {
    this.url = url;
  }

  setRequestHeader(): void {}

  getResponseHeader(): string {
    return "etag";
  }

  send(): void {
    TestRequest.sent.push(this);
  }

  abort(): void {
    this.isAborted = true;
    this.onloadend?.();
  }

  /** Takes bytes of the body from the page. */
  take(loaded: number): void {
    this.upload.onprogress?.({ loaded });
  }

  /** Takes all of the body. */
  takeAll(): void {
    this.upload.onload?.();
  }

  answer(status: number): void {
    this.status = status;
    this.onloadend?.();
  }
}
