// Lines on two logarithmic scales, as an SVG that reads in light and dark.

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 150;
const TOP = 48;
const BOTTOM = 52;
const COLOURS = ["#2563eb", "#d97706", "#15803d", "#9333ea"];

const number = (value) => (value >= 1 ? String(Number(value.toPrecision(3))) : String(Number(value.toPrecision(2))));
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** `lines`: [{ name, points: [[x, y]] }]; values of 0 are drawn at the lower edge. */
export function chart({ title, x: xName, y: yName, lines }) {
  const all = lines.flatMap(({ points }) => points);
  const positive = all.map(([, y]) => y).filter((y) => y > 0);
  const [xFrom, xTo] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))].map(Math.log10);
  const yFrom = Math.floor(Math.log10(Math.min(...positive)));
  const yTo = Math.max(yFrom + 1, Math.ceil(Math.log10(Math.max(...positive))));
  const px = (x) => LEFT + ((Math.log10(x) - xFrom) / (xTo - xFrom || 1)) * (WIDTH - LEFT - RIGHT);
  const py = (y) => HEIGHT - BOTTOM - (Math.max(0, Math.log10(Math.max(y, 10 ** yFrom)) - yFrom) / (yTo - yFrom)) * (HEIGHT - TOP - BOTTOM);
  const out = [];
  for (let power = yFrom; power <= yTo; power += 1) {
    const y = py(10 ** power).toFixed(1);
    out.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" class="grid"/>`);
    out.push(`<text x="${LEFT - 8}" y="${y}" class="tick" text-anchor="end" dominant-baseline="middle">${number(10 ** power)}</text>`);
  }
  for (const x of [...new Set(all.map(([at]) => at))]) {
    out.push(`<text x="${px(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" class="tick" text-anchor="middle">${x.toLocaleString("en-US")}</text>`);
  }
  // Names stand at the ends of their lines, a line of text apart.
  const ends = lines
    .map(({ name, points }, index) => ({ name, index, y: py(points.at(-1)[1]) }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((end, index) => {
    if (index > 0) end.y = Math.max(end.y, ends[index - 1].y + 16);
  });
  lines.forEach(({ points }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const path = points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ");
    out.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [x, y] of points) {
      out.push(`<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="3.5" fill="${colour}"><title>${number(y)}</title></circle>`);
    }
  });
  for (const { name, index, y } of ends) {
    out.push(`<text x="${WIDTH - RIGHT + 10}" y="${y.toFixed(1)}" fill="${COLOURS[index % COLOURS.length]}" dominant-baseline="middle">${escape(name)}</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${escape(title)}</title>
<style>
svg { background: #fff; font: 13px system-ui, sans-serif; } text { fill: currentColor; color: #222; } .tick { font-size: 12px; opacity: .7; } .grid { stroke: #888; stroke-opacity: .25; }
@media (prefers-color-scheme: dark) { svg { background: #171717; } text { color: #eee; } }
</style>
<text x="${LEFT}" y="24" font-weight="600" font-size="15">${escape(title)}</text>
<text x="${LEFT}" y="${HEIGHT - 10}" class="tick">${escape(xName)}</text>
<text x="${LEFT - 8}" y="${TOP - 10}" class="tick" text-anchor="end">${escape(yName)}</text>
${out.join("\n")}
</svg>
`;
}
