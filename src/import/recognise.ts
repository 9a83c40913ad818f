/** Tells by content which format an input has; file names are only talk. */
import { looksLikeCsv } from './csv-latencies.ts';
import { isFioJson, parseFioText } from './fio-json.ts';
import { looksLikeFioLog } from './fio-log.ts';
import type { Report } from './problems.ts';
import { looksLikePrometheus } from './prometheus-text.ts';
import type { CalibrateInput } from './types.ts';

export type Recognised =
  | { readonly format: 'fio-json'; readonly input: CalibrateInput; readonly json: JsonObject }
  | { readonly format: 'fio-log' | 'prometheus' | 'csv'; readonly input: CalibrateInput };

type JsonObject = Readonly<Record<string, unknown>>;

const EXPECTED =
  'fio JSON (--output-format=json+), a fio latency log, the text of an etcd’s /metrics, or a CSV ' +
  'of latencies';

/** Texts that people hand in by mistake, and what went wrong. */
const STRAYS: readonly { readonly pattern: RegExp; readonly is: string; readonly hint: string }[] =
  [
    {
      pattern: /^\s*Client sent an HTTP request to an HTTPS server/i,
      is: 'an error of etcd: it wants https',
      hint: 'curl --cacert ca.crt --cert etcd.crt --key etcd.key https://127.0.0.1:2379/metrics',
    },
    {
      pattern: /^\s*(<!doctype|<html|<\?xml)/i,
      is: 'a web page',
      hint: 'The address was not etcd’s /metrics; a login page or a proxy answered.',
    },
    {
      pattern: /^\s*404 page not found/,
      is: 'a 404 of a web server',
      hint: 'The path is /metrics, e.g. http://127.0.0.1:2379/metrics.',
    },
    {
      pattern: /^curl: \(\d+\)/m,
      is: 'an error of curl',
      hint: 'Check address, port and certificates; kubeadm serves etcd’s metrics on port 2381.',
    },
    {
      pattern: /\(groupid=\d+, jobs=\d+\)|^\s*\w+ percentiles \([nu]sec\)/m,
      is: 'fio’s output for people',
      hint: 'Run fio with --output-format=json+ --output=disk.json.',
    },
    {
      pattern: /^\d;fio-\d/m,
      is: 'fio’s terse output',
      hint: 'Run fio with --output-format=json+ --output=disk.json.',
    },
    {
      pattern: /^apiVersion:\s*wavetank/m,
      is: 'a file of wavetank itself',
      hint: 'A profile or scenario needs no calibration; a scenario names it by its path.',
    },
  ];

/** The format of one input; null, with a problem reported, where it has none. */
export function recognise(input: CalibrateInput, report: Report): Recognised | null {
  const { name, text } = input;
  const unknown = (message: string, hint: string): null => {
    report.problem({ code: 'WT6003', input: name, message, expected: EXPECTED, hint });
    return null;
  };
  if (text.trim() === '') {
    report.problem({
      code: 'WT6001',
      input: name,
      message: 'the file is empty',
      expected: EXPECTED,
      hint: 'The command that wrote it failed, or has not finished.',
    });
    return null;
  }
  if (isBinary(text)) {
    report.problem({
      code: 'WT6002',
      input: name,
      message: 'the file is binary',
      expected: EXPECTED,
      hint: 'Unpack it first, if it is compressed; save tables as UTF-8 CSV.',
    });
    return null;
  }
  for (const stray of STRAYS) {
    if (stray.pattern.test(text.slice(0, 65_536)))
      return unknown(`this is ${stray.is}`, stray.hint);
  }
  // fio prints its warnings before the JSON where both go to stdout.
  if (/^\s*[{[]/.test(text) || (/^fio: /.test(text) && /^\{/m.test(text))) {
    const json = parseFioText(input, report);
    if (json === null) return null;
    if (isFioJson(json)) return { format: 'fio-json', input, json };
    return strayJson(input, json, report);
  }
  if (looksLikeFioLog(text)) return { format: 'fio-log', input };
  if (looksLikePrometheus(text)) return { format: 'prometheus', input };
  if (looksLikeCsv(text)) return { format: 'csv', input };
  return unknown('the text has no latencies in any form known', 'docs/calibrate.md shows each.');
}

function strayJson(input: CalibrateInput, json: JsonObject, report: Report): null {
  const isApi = json.status === 'success' && typeof json.data === 'object';
  report.problem({
    code: 'WT6011',
    input: input.name,
    message: isApi ? 'this is an answer of Prometheus’ query API' : 'the JSON is not of fio',
    expected: 'an object with a list "jobs", as fio writes it',
    hint: isApi
      ? 'Scrape etcd itself: curl -s http://127.0.0.1:2379/metrics > scrape.txt'
      : 'fio --output-format=json+ --output=disk.json',
  });
  return null;
}

/** NUL, or more than one in a hundred characters that no text has. */
function isBinary(text: string): boolean {
  const head = text.slice(0, 65_536);
  let odd = 0;
  for (let i = 0; i < head.length; i++) {
    const code = head.charCodeAt(i);
    if (code === 0) return true;
    const control = code < 32 && code !== 9 && code !== 10 && code !== 13;
    if (control || code === 0xfffd) odd++;
  }
  return odd * 100 > head.length;
}
