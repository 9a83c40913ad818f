import type { BuildOptions, Metafile } from 'esbuild';

export const ROOT: string;
export function nodeOptions(outdir: string): BuildOptions;
export function browserOptions(outdir: string): BuildOptions;
export function webOptions(outdir: string): BuildOptions;
export function externalImports(metafile: Metafile | undefined): string[];
export function build(options?: {
  outdir?: string;
  only?: 'all' | 'node' | 'browser';
}): Promise<void>;
