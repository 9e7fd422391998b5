/**
 * Prints the Grafana dashboard of the collectors:
 * `node dashboard/generate.js >k8s/components/collector-dashboard/dashboard.json`
 */
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { panels, rows } from "./panels.js";

const source = { type: "prometheus", uid: "${datasource}" };
const width = 8; // of 24: three panels beside each other
const colors = { "/^canary/": "orange", "/^stable/": "blue" };

/** A panel with a line for each series of its queries. @param {import("./panels.js").Panel} panel @param {number} id */
function chart({ title, description, unit, max, queries }, id) {
  const builder = new timeseries.PanelBuilder()
    .id(id)
    .title(title)
    .description(description)
    .datasource(source)
    .unit(unit)
    .min(0)
    .height(8)
    .span(width)
    .fillOpacity(5)
    .showPoints(common.VisibilityMode.Never)
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    );
  if (max !== undefined) builder.max(max);
  for (const [name, fixedColor] of Object.entries(colors)) {
    builder.overrideByRegexp(name, [{ id: "color", value: { mode: "fixed", fixedColor } }]);
  }
  queries.forEach(([expression, legend], index) =>
    builder.withTarget(
      new prometheus.DataqueryBuilder()
        .datasource(source)
        .refId(String.fromCharCode(65 + index))
        .expr(expression)
        .legendFormat(legend)
        .range(),
    ),
  );
  return builder;
}

const board = new dashboard.DashboardBuilder("Canary: what browsers report")
  .uid("canary-runtime")
  .description("Sums of all collectors, for people. The judge decides by the exact windows: docs/reports.md")
  .tags(["canary-runtime"])
  .timezone("browser")
  .time({ from: "now-3h", to: "now" })
  .refresh("30s")
  .readonly()
  .tooltip(dashboard.DashboardCursorSync.Crosshair)
  .withVariable(new dashboard.DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"))
  .withVariable(
    new dashboard.QueryVariableBuilder("namespace")
      .label("Namespace")
      .datasource(source)
      .query("label_values(canary_exposures_total, namespace)")
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged),
  );
let id = 0; // of the last panel
for (const row of rows) {
  board.withRow(new dashboard.RowBuilder(row).id((id += 1)));
  for (const panel of panels.filter((panel) => panel.row === row)) board.withPanel(chart(panel, (id += 1)));
}
console.log(JSON.stringify(board.build(), null, 2));
