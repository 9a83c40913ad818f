/** A scenario around objects that are written as values. */
import * as scenario from '../../src/scenario/index.ts';

export type ParseResult = scenario.ParseResult;

/** The objects as flow mappings, one a line, so that places can be told. */
export function parseScenario(objects: readonly object[]): ParseResult {
  const lines = objects.map((object) => `    - ${JSON.stringify(object)}`);
  const text = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: x }
horizon: 30s
etcd: { version: "3.6", members: 1 }
kubernetes:
  nodeGroups: [{ name: n, count: 3 }]
  objects:
${lines.join('\n')}
`;
  return scenario.parseScenario(text, { file: 'x.yaml' });
}
