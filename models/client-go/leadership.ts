/**
 * Who leads by one lease, seen from outside of its candidates: how many take themselves for the
 * leader, and how long nobody did.
 */
import type { Level, Metrics, Tally } from '../../src/metrics/index.ts';

export class Leadership {
  readonly #leaders: Level;
  readonly #vacancies: Tally;
  /** When the last leader ended; NaN until one has. */
  #vacantSinceNs = Number.NaN;

  constructor(metrics: Metrics, lease: string) {
    const labels = { name: lease };
    this.#leaders = metrics.level('wavetank_leader_election_leaders', labels, {
      help: 'Processes that take themselves for the leader; 2 where one does not know yet',
    });
    this.#vacancies = metrics.tally('wavetank_leader_election_vacancy_seconds', labels, {
      unit: 'ns',
      help: 'From the end of the only leader to the next one.',
    });
  }

  /** Since when there was no leader before the present one; NaN: there always was. */
  get vacantSinceNs(): number {
    return this.#vacantSinceNs;
  }

  begin(nowNs: number): void {
    const vacantNs = nowNs - this.#vacantSinceNs;
    if (this.#leaders.value === 0 && !Number.isNaN(vacantNs)) this.#vacancies.record(vacantNs);
    this.#leaders.add(nowNs, 1);
  }

  end(nowNs: number): void {
    this.#leaders.add(nowNs, -1);
    if (this.#leaders.value === 0) this.#vacantSinceNs = nowNs;
  }
}
