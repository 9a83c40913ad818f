/** manifest.json: everything that repeats a run, and apart from it what varies by machine. */
import type { Summary } from '../analyze/index.ts';
import { hashPieces } from '../core/index.ts';

export interface FileEntry {
  readonly name: string;
  readonly characters: number;
  /** hashText of the whole text: 128 bits, hexadecimal. */
  readonly hash: string;
}

export interface ManifestInput {
  readonly summary: Summary;
  /** Canonical text of the scenario or experiment, every default filled in. */
  readonly scenario: string;
  /** Text of each profile and sample file that it names, by the name it is given. */
  readonly profiles: Readonly<Record<string, string>>;
  readonly files: readonly FileEntry[];
  /**
   * What varies by machine: wall time, Node version, cores. Passed in; nothing here reads a clock.
   */
  readonly volatile: Readonly<Record<string, unknown>>;
}

export function fileEntry(name: string, pieces: readonly string[]): FileEntry {
  const characters = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { name, characters, hash: hashPieces(pieces) };
}

export function manifest(input: ManifestInput): string {
  const { summary } = input;
  const profiles = Object.keys(input.profiles).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const content = {
    kind: 'wavetank/manifest/v1',
    version: summary.version,
    modelRevision: summary.modelRevision,
    name: summary.name,
    command: summary.command,
    seed: summary.seed,
    replications: summary.replications,
    interrupted: summary.interrupted,
    exitStatus: summary.exitStatus,
    points: summary.points.map(({ point, axes }) => ({ point, axes })),
    runs: summary.points.flatMap(({ point, runs }) =>
      runs.map(({ replication, seed, key, digest, eventCount }) => ({
        point,
        replication,
        seed,
        key,
        digest,
        events: eventCount,
      })),
    ),
    scenario: input.scenario,
    profiles: Object.fromEntries(profiles.map((name) => [name, input.profiles[name]])),
    files: input.files,
    volatile: input.volatile,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
