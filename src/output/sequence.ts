/**
 * The messages about one object and what came of it, as a Mermaid sequence diagram
 * (https://mermaid.js.org/syntax/sequenceDiagram.html).
 */
import type { MessageReport } from '../run/index.ts';

const NS_PER_MS = 1e6;

/** '' where there are no messages. */
export function sequenceDiagram(messages: readonly MessageReport[]): string {
  if (messages.length === 0) return '';
  const ids = new Map<string, string>();
  for (const { from, to } of messages) {
    for (const name of [from, to]) if (!ids.has(name)) ids.set(name, `p${ids.size}`);
  }
  const lines = ['sequenceDiagram'];
  for (const [name, id] of ids) lines.push(`  participant ${id} as ${plain(name)}`);
  const startNs = messages[0].atNs;
  for (const { from, to, text, atNs } of messages) {
    const ms = Math.round((atNs - startNs) / (NS_PER_MS / 10)) / 10;
    lines.push(`  ${ids.get(from)}->>${ids.get(to)}: ${ms} ms ${plain(text)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Without what Mermaid would take for syntax. */
function plain(text: string): string {
  return text.replace(/[;#:]/g, ' ').replace(/\s+/g, ' ').trim();
}
