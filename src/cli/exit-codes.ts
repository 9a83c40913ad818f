/** Every exit code of the command, in one table; the reference page is made from it. */
export const EXIT = {
  good: 0,
  usage: 2,
  inconclusive: 98,
  thresholdFailed: 99,
  invalidScenario: 104,
  interrupted: 105,
  bug: 109,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_TEXT: ReadonlyArray<{ readonly code: ExitCode; readonly text: string }> = [
  { code: EXIT.good, text: 'Done; every threshold holds.' },
  {
    code: EXIT.usage,
    text: 'The command line, or a file or folder that it names, cannot be used.',
  },
  {
    code: EXIT.inconclusive,
    text: 'A threshold is undecided: the interval over replications straddles its limit, or the system is overloaded.',
  },
  { code: EXIT.thresholdFailed, text: 'A threshold failed.' },
  { code: EXIT.invalidScenario, text: 'The scenario is invalid.' },
  { code: EXIT.interrupted, text: 'Interrupted; what was finished is kept and marked.' },
  { code: EXIT.bug, text: 'A bug of wavetank: an invariant was violated.' },
];
