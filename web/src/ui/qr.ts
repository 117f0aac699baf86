// A QR code as SVG: dark on white whatever the colour scheme, since cameras expect that.

import qrcode from "qrcode-generator";
import { svg } from "./dom.ts";

const QUIET = 4; // ISO/IEC 18004: four modules of margin.

// The dark modules as one path: a run in a row is a rectangle.
export function qrPath(text: string): { path: string; size: number } {
  const code = qrcode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount();
  let path = "";
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (!code.isDark(row, column)) continue;
      const start = column;
      while (column < count && code.isDark(row, column)) column++;
      path += `M${start + QUIET} ${row + QUIET}h${column - start}v1h${start - column}z`;
    }
  }
  return { path, size: count + 2 * QUIET };
}

export function qr(text: string, label: string): SVGElement {
  const { path, size } = qrPath(text);
  return svg(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label },
    svg("rect", { width: size, height: size, fill: "#fff" }),
    svg("path", { d: path, fill: "#000", "shape-rendering": "crispEdges" }),
  );
}
