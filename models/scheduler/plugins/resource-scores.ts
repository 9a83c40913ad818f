/**
 * Scores of resources, 0 to 100: NodeResourcesFit (LeastAllocated or MostAllocated, CPU and memory
 * weighing the same) and NodeResourcesBalancedAllocation. Integer arithmetic as in Go.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/noderesources/{least_allocated,
 * most_allocated,balanced_allocation,resource_allocation}.go.
 */
import type { NodeTable } from '../cache/node-table.ts';
import type { PodRequest } from '../cache/pod-entry.ts';

export const MAX_NODE_SCORE = 100;

export type ScoringStrategy = 'LeastAllocated' | 'MostAllocated';

export function fitScore(
  strategy: ScoringStrategy,
  request: PodRequest,
  table: NodeTable,
  row: number,
): number {
  let score = 0;
  let weight = 0;
  const cpu = table.allocCpu[row];
  if (cpu !== 0) {
    score += share(strategy, table.nonZeroCpu[row] + request.nonZeroCpu, cpu);
    weight++;
  }
  const memory = table.allocMemory[row];
  if (memory !== 0) {
    score += share(strategy, table.nonZeroMemory[row] + request.nonZeroMemory, memory);
    weight++;
  }
  return weight === 0 ? 0 : Math.floor(score / weight);
}

function share(strategy: ScoringStrategy, requested: number, capacity: number): number {
  if (strategy === 'MostAllocated') {
    // "might be larger than the capacity, as pods that ask nothing count as something"
    return Math.floor((Math.min(requested, capacity) * MAX_NODE_SCORE) / capacity);
  }
  if (requested > capacity) return 0;
  return Math.floor(((capacity - requested) * MAX_NODE_SCORE) / capacity);
}

export function balancedScore(request: PodRequest, table: NodeTable, row: number): number {
  const cpu = table.allocCpu[row];
  const memory = table.allocMemory[row];
  if (cpu === 0 || memory === 0) return MAX_NODE_SCORE;
  const cpuFraction = Math.min(1, (table.usedCpu[row] + request.cpu) / cpu);
  const memoryFraction = Math.min(1, (table.usedMemory[row] + request.memory) / memory);
  const std = Math.abs((cpuFraction - memoryFraction) / 2);
  return Math.trunc((1 - std) * MAX_NODE_SCORE);
}
