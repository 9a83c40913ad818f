/** What the worker tells the page. */

export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly text: string;
}

export type Message =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'problem'; readonly text: string }
  | {
      readonly kind: 'done';
      readonly digest: string;
      readonly eventCount: number;
      readonly figures: readonly Figure[];
      /** Whole SVG elements, of our own making. */
      readonly pictures: readonly {
        readonly title: string;
        readonly svg: string;
        readonly wide: boolean;
      }[];
    };
