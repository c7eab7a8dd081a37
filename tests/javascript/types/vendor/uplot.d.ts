/** What `console/views/insights/plotting.js` uses of uPlot. */

export default class uPlot {
  constructor(options: object, data: ArrayLike<number | null>[]);
  static tzDate(date: Date, zone: string): Date;
  readonly root: HTMLElement;
  readonly width: number;
  setSize(size: { width: number; height: number }): void;
  destroy(): void;
}
