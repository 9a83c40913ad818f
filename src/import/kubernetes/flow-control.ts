/** FlowSchemas and priority levels of a dump: those that the API server does not make itself. */
import { resourceNames } from '../../../models/objects/index.ts';
import { at, compact, type Json, type JsonMap, listOf, numberOf, textOf } from './json.ts';
import type { Tally } from './tally.ts';

/** Made by the API server, and kept as they are: apiserver pkg/apis/flowcontrol/bootstrap. */
const BOOTSTRAP = 'apf.kubernetes.io/autoupdate-spec';

function isBootstrap(value: JsonMap): boolean {
  return at(value, 'metadata', 'annotations', BOOTSTRAP) === 'true';
}

export function priorityLevelsOf(values: readonly JsonMap[], tally: Tally): readonly JsonMap[] {
  const kind = 'PriorityLevelConfiguration';
  return values.flatMap((value) => {
    const limited = at(value, 'spec', 'limited');
    if (isBootstrap(value) || limited === undefined) {
      tally.skipped(kind, 'the API server makes it');
      return [];
    }
    tally.used(kind);
    const queuing = at(limited, 'limitResponse', 'queuing');
    return [
      compact({
        name: textOf(at(value, 'metadata', 'name')),
        shares: at(limited, 'nominalConcurrencyShares') ?? at(limited, 'assuredConcurrencyShares'),
        lendablePercent: at(limited, 'lendablePercent'),
        borrowingLimitPercent: at(limited, 'borrowingLimitPercent'),
        limitResponse: at(limited, 'limitResponse', 'type'),
        queues: at(queuing, 'queues'),
        handSize: at(queuing, 'handSize'),
        queueLengthLimit: at(queuing, 'queueLengthLimit'),
      }),
    ];
  });
}

export function flowSchemasOf(values: readonly JsonMap[], tally: Tally): readonly JsonMap[] {
  return values.flatMap((value) => {
    if (isBootstrap(value)) {
      tally.skipped('FlowSchema', 'the API server makes it');
      return [];
    }
    tally.used('FlowSchema');
    const rules = listOf(at(value, 'spec', 'rules'));
    const subjects = rules.flatMap((rule) => listOf(at(rule, 'subjects')));
    const resourceRules = rules.flatMap((rule) => listOf(at(rule, 'resourceRules')));
    const distinguisher = textOf(at(value, 'spec', 'distinguisherMethod', 'type'));
    return [
      compact({
        name: textOf(at(value, 'metadata', 'name')),
        priorityLevel: textOf(at(value, 'spec', 'priorityLevelConfiguration', 'name')),
        precedence: numberOf(at(value, 'spec', 'matchingPrecedence'), 1000),
        distinguisher:
          distinguisher === 'ByUser'
            ? 'user'
            : distinguisher === 'ByNamespace'
              ? 'namespace'
              : 'none',
        users: subjects.flatMap(userOf),
        groups: subjects.flatMap(groupOf),
        verbs: all(resourceRules, 'verbs', (verb) => verb),
        resources: all(
          resourceRules,
          'resources',
          (name) =>
            resourceNames.find((known) => known === name.split('/')[0]) ?? 'customresources',
        ),
      }),
    ];
  });
}

function all(
  rules: readonly Json[],
  field: string,
  map: (text: string) => string,
): readonly string[] {
  const found = rules.flatMap((rule) => listOf(at(rule, field)).map((item) => textOf(item)));
  return [...new Set(found.map((text) => (text === '*' ? '*' : map(text))))];
}

function userOf(subject: Json): string[] {
  const account = at(subject, 'serviceAccount');
  if (account !== undefined && textOf(at(account, 'name')) !== '*') {
    const name = `${textOf(at(account, 'namespace'))}:${textOf(at(account, 'name'))}`;
    return [`system:serviceaccount:${name}`];
  }
  const user = textOf(at(subject, 'user', 'name'));
  return user === '' ? [] : [user];
}

function groupOf(subject: Json): string[] {
  const account = at(subject, 'serviceAccount');
  if (account !== undefined && textOf(at(account, 'name')) === '*') {
    return [`system:serviceaccounts:${textOf(at(account, 'namespace'))}`];
  }
  const group = textOf(at(subject, 'group', 'name'));
  return group === '' ? [] : [group];
}
