import type { Config } from 'vega-lite'

const ink = '#333333'
const gridColour = '#e4e4e4'

/** Colours that the colour-blind can tell apart (M. Okabe, K. Ito 2008). */
export const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00']
/** A raw limit is dashed, in the colour of its line. */
export const [solid, dashed] = [
  [1, 0],
  [5, 4],
]

/** A white ground, so that a plot can be read on light and dark pages alike. */
export const theme: Config = {
  background: 'white',
  padding: 12,
  font: 'Helvetica, Arial, sans-serif',
  title: { anchor: 'start', fontSize: 15, color: ink, offset: 12 },
  axis: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 10,
    labelFlush: false,
    labelColor: ink,
    titleColor: ink,
    gridColor: gridColour,
    domainColor: ink,
    tickColor: ink,
  },
  legend: {
    title: null,
    orient: 'bottom',
    columns: 2,
    symbolType: 'stroke',
    symbolSize: 500,
    symbolStrokeWidth: 2,
    symbolOpacity: 1,
    labelLimit: 300,
    labelFontSize: 12,
    labelColor: ink,
  },
  view: { continuousWidth: 560, continuousHeight: 280, stroke: null },
}
