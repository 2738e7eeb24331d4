import { Liquid } from "liquidjs";
import { expect, test } from "vitest";
import { quicken } from "../../../src/mail/templates/quicken.ts";

const engine = new Liquid({ strictVariables: true, ownPropertyOnly: true, outputEscape: "escape" });
const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);

function values(): object {
  return {
    a: { text: `<b title="x">&'`, empty: "", three: 3, yes: true, no: false, list: ["x", "y"], none: [] },
    item: { text: "outer" },
    plain: "plain",
  };
}

function filled(liquid: string, isQuick: boolean): string {
  const templates = engine.parse(liquid);
  if (isQuick) quicken(templates, escape);
  try {
    return String(engine.renderSync(templates, values()));
  } catch (error) {
    return String(error);
  }
}

test.each([
  "fixed {{ a.text }} and {{plain}} and {{- plain -}} end",
  "{{ a.three }} {{ a.yes }} {{ a.list }} {{ a.empty }}|{{ a.list.size }}|{{ a.text.size }}",
  "{{ a.missing }}",
  "{{ missing.text }}",
  "{{ a.text.more }}",
  "{{ a.constructor }}",
  "{{ a.text | upcase }} {{ 'quoted' }} {{ 5 }} {{ true }}",
  "{% if a.text != '' %}{{ a.text }}{% else %}none{% endif %}",
  "{% if a.empty == '' %}empty{% elsif plain == 'plain' %}plain{% endif %}",
  "{% if a.empty != '' %}some{% elsif plain == 'plain' %}plain{% endif %}",
  "{% if a.list.size > 0 %}some{% endif %}{% if a.none.size > 0 %}none{% endif %}{% if a.none.size == 0 %}none{% endif %}",
  "{% if a.three > 2 %}more{% endif %}{% if a.three == 3 %}three{% endif %}{% if a.three != '3' %}other{% endif %}",
  "{% if a.yes == true %}yes{% endif %}{% if a.no == false %}no{% endif %}{% if a.yes %}yes{% endif %}",
  "{% if a.text > 0 %}more{% else %}less{% endif %}{% if plain > 'a' %}more{% endif %}",
  "{% if a.missing == '' %}missing{% endif %}",
  "{% for item in a.list %}{{ item }}{{ item.text }}{% endfor %}{{ item.text }}",
  "{% for item in a.list %}{{ item }}{% if forloop.last == false %}, {% endif %}{% endfor %}",
  "{% assign plain = a.text %}{{ plain }}{% capture a %}{{ item.text }}{% endcapture %}{{ a }}",
  "{% if a.yes == true %}{% if plain == 'plain' %}{{ plain }}{% endif %}{% endif %}",
])("%s is filled as LiquidJS alone fills it", (liquid) => {
  expect(filled(liquid, true)).toBe(filled(liquid, false));
});
