/** Disk profiles that a scenario can name without a file. */
import type { DiskProfile } from '../../scenario/index.ts';
import { estimatedProfiles } from './estimates.ts';
import { measuredProfiles } from './measured.ts';

/** In the order of `wavetank list`: fast to slow, then what was seen in production. */
export const namedProfiles: readonly DiskProfile[] = [...estimatedProfiles, ...measuredProfiles];

/** By name, as the scenario reader takes them. */
export const profilesByName: Readonly<Record<string, DiskProfile>> = Object.fromEntries(
  namedProfiles.map((profile) => [profile.name, profile]),
);
