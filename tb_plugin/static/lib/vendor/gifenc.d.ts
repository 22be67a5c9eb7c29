/** The types of what the tab uses of gifenc. */

export type Palette = [number, number, number][];

export function quantize(rgba: Uint8Array | Uint8ClampedArray, maxColors: number): Palette;

export function applyPalette(rgba: Uint8Array | Uint8ClampedArray, palette: Palette): Uint8Array;

export function GIFEncoder(): {
  writeFrame(
    index: Uint8Array,
    width: number,
    height: number,
    options: {
      palette?: Palette;
      delay: number;
      repeat?: number;
      transparent?: boolean;
      transparentIndex?: number;
      dispose?: number;
    },
  ): void;
  finish(): void;
  bytes(): Uint8Array<ArrayBuffer>;
};
