/** Types of the reports of a page view. */

interface SentReport {
  kind: string;
  /** Milliseconds since the exposure. */
  age: number;
  /** What became of it. */
  state: string;
}

interface Reports {
  /** Sends a report with these fields beside those that all have. */
  send(kind: string, fields?: object): void;
  /** Sets the test whether a text names a file of the present bundle. */
  setOwn(isOwn: (text: string) => boolean): void;
  /** Says that the bundle has failed, before it is known why exactly. */
  failing(fault: string): void;
  /** Reports the failure, if the view has not reported what became of it. */
  failed(fault: string): void;
  /** Reports that a bundle is up. */
  up(): void;
}
