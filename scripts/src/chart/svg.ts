import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/**
 * Looks that every chart shares: white ground (a dark page must not swallow the axes), colours that
 * stay apart for the colour-blind and in grey print, letters that are legible at the width of a page.
 */
const LOOK: Pick<TopLevelSpec, 'background' | 'padding' | 'config'> = {
  background: 'white',
  padding: 12,
  config: {
    font: 'sans-serif',
    view: { stroke: '#888888' },
    title: { fontSize: 15, anchor: 'start', subtitleFontSize: 12, subtitleColor: '#444444', offset: 10 },
    axis: { labelFontSize: 12, titleFontSize: 13, gridColor: '#e4e4e4' },
    legend: { labelFontSize: 12, titleFontSize: 12, labelLimit: 260 },
    range: { category: ['#0057b8', '#d55e00', '#00855a', '#8a3ea8', '#7a5c00', '#444444'] },
  },
};

/**
 * Draws a chart without a browser. The same chart gives the same bytes on every machine: no date,
 * no random id and no font of the machine goes into it.
 * @returns the text of an SVG file, with a line end
 */
export async function renderSvg(chart: TopLevelSpec): Promise<string> {
  const { spec } = compile({ ...chart, ...LOOK });
  const view = new View(parse(spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
