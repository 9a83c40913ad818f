/** The what-if page: turn something, and the engine in the worker answers. */
import {
  FAULTS,
  hasEffect,
  readState,
  SLIDERS,
  type Slider,
  type State,
  scenarioText,
  writeState,
} from './controls.ts';
import type { Figure, Message } from './messages.ts';

const PAUSE_MS = 250;

function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  // The page is ours: whoever asks knows what it is.
  return found as T;
}

/** Text goes in as text. */
function make(tag: string, attributes: Record<string, string>, ...children: (Node | string)[]) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class WhatIf {
  #state: State = readState(location.hash);
  #worker: Worker | null = null;
  #timer = 0;
  #figures: readonly Figure[] = [];
  #baseline: readonly Figure[] | null = null;
  readonly #workerUrl: string;

  constructor() {
    const code = byId('worker').textContent ?? '';
    this.#workerUrl = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    byId('sliders').append(...SLIDERS.map((one) => this.#slider(one)));
    byId('faults').append(...FAULTS.map(({ id, label }) => this.#fault(id, label)));
    byId('pin').addEventListener('click', () => this.#pin());
    byId('copy').addEventListener('click', () => this.#copy());
    this.#changed(0);
  }

  #slider(slider: Slider): HTMLElement {
    const { id, label, field, values } = slider;
    const text = (): string => `${this.#state.values[id]}${slider.unit}`;
    const output = make('output', { for: id }, text());
    const input = make('input', {
      type: 'range',
      id,
      min: '0',
      max: String(values.length - 1),
      step: '1',
      value: String(values.indexOf(this.#state.values[id])),
      'aria-valuetext': text(),
    }) as HTMLInputElement;
    input.addEventListener('input', () => {
      const value = values[Number(input.value)];
      this.#state = { ...this.#state, values: { ...this.#state.values, [id]: value } };
      output.textContent = text();
      input.setAttribute('aria-valuetext', text());
      this.#changed(PAUSE_MS);
    });
    const words = `${field}, default ${slider.initial}${slider.unit}`;
    const head = make('label', { for: id }, label);
    return make('div', { class: 'control' }, head, output, input, make('small', {}, words));
  }

  #fault(id: string, label: string): HTMLElement {
    const input = make('input', { type: 'checkbox', id: `fault-${id}` }) as HTMLInputElement;
    input.checked = this.#state.faults.includes(id);
    input.addEventListener('change', () => {
      const others = this.#state.faults.filter((one) => one !== id);
      this.#state = { ...this.#state, faults: input.checked ? [...others, id] : others };
      this.#changed(0);
    });
    return make('label', { class: 'fault-choice' }, input, ` ${label}`);
  }

  #changed(pauseMs: number): void {
    history.replaceState(null, '', writeState(this.#state));
    byId('yaml').textContent = scenarioText(this.#state);
    for (const one of SLIDERS) {
      byId<HTMLInputElement>(one.id).disabled = !hasEffect(one, this.#state);
    }
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#run(), pauseMs);
  }

  #run(): void {
    this.#worker?.terminate();
    this.#worker = new Worker(this.#workerUrl);
    this.#worker.onmessage = ({ data }: MessageEvent<Message>) => this.#show(data);
    byId('status').textContent = 'simulating';
    document.body.dataset.state = 'running';
    this.#worker.postMessage(scenarioText(this.#state));
  }

  #show(message: Message): void {
    const bar = byId<HTMLProgressElement>('progress');
    switch (message.kind) {
      case 'progress':
        bar.value = message.share;
        return;
      case 'problem':
        document.body.dataset.state = 'problem';
        byId('status').textContent = message.text;
        return;
      case 'done':
        bar.value = 1;
        this.#figures = message.figures;
        this.#showFigures();
        byId('digest').textContent = message.digest;
        byId('status').textContent = `${message.eventCount} events`;
        byId('pictures').replaceChildren(
          ...message.pictures.map(({ title, svg, wide }) => {
            const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
            return make(
              'figure',
              wide ? { class: 'wide' } : {},
              make('figcaption', {}, title),
              document.adoptNode(parsed),
            );
          }),
        );
        document.body.dataset.state = 'done';
    }
  }

  #showFigures(): void {
    const before = new Map((this.#baseline ?? []).map((figure) => [figure.name, figure]));
    const heads = this.#baseline === null ? ['', 'now'] : ['', 'now', 'baseline', 'difference'];
    const rows = this.#figures.map((figure) => {
      const cells = [figure.name, figure.text];
      const pinned = before.get(figure.name);
      if (this.#baseline !== null) cells.push(pinned?.text ?? '–', difference(figure, pinned));
      return make('tr', {}, ...cells.map((cell) => make('td', {}, cell)));
    });
    const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col' }, text)));
    const parts = [make('thead', {}, head), make('tbody', {}, ...rows)];
    byId('figures').replaceChildren(...parts);
  }

  #pin(): void {
    this.#baseline = this.#figures;
    this.#showFigures();
  }

  #copy(): void {
    const text = scenarioText(this.#state);
    const said = (word: string) => () => {
      byId('copied').textContent = word;
    };
    // A page from a file may be refused the clipboard: the text stands below, open.
    byId<HTMLDetailsElement>('source').open = true;
    navigator.clipboard.writeText(text).then(said('copied'), said('select the text below'));
  }
}

function difference(now: Figure, before: Figure | undefined): string {
  if (now.value === null || before?.value === null || before === undefined) return '–';
  if (before.value === 0) return now.value === 0 ? '0 %' : '–';
  const percent = (now.value / before.value - 1) * 100;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

new WhatIf();
