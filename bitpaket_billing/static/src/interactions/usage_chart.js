/* global Chart */
import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {loadBundle} from "@web/core/assets";
import {registry} from "@web/core/registry";

const COLORS = {requests: "#1b6fb5", storage: "#0f9d7a", transfer: "#e08a1e"};
const OTHER = "#7a6fb0";

/**
 * Draw the cost of a month by day: by kind, or of one meter beside its quantity.
 *
 * The tables of the page say the same to those who do not see it.
 */
export class UsageChart extends Interaction {
    static selector = ".o_bitpaket_usage_chart";
    dynamicContent = {
        select: {"t-on-change": this.draw},
    };

    async willStart() {
        await loadBundle("web.chartjs_lib");
    }

    start() {
        this.data = JSON.parse(this.el.dataset.chart);
        this.select = this.el.querySelector("select");
        this.data.meters.forEach((meter, index) => {
            this.select.add(new Option(meter.label, index));
        });
        this.el.querySelector("[name=choice]").classList.remove("d-none");
        this.registerCleanup(() => this.chart?.destroy());
        this.draw();
    }

    draw() {
        const meter = this.data.meters[this.select.value];
        const style = getComputedStyle(this.el);
        this.text = style.color;
        this.chart?.destroy();
        this.chart = new Chart(this.el.querySelector("canvas"), {
            type: "bar",
            data: {
                labels: this.data.days,
                datasets: meter ? this.ofMeter(meter) : this.ofKinds(),
            },
            options: this.options(meter),
        });
        this.el.dataset.shown = meter ? meter.label : "";
    }

    ofKinds() {
        const sets = this.data.kinds.map(({kind, label, amounts}) => ({
            label,
            data: amounts,
            backgroundColor: COLORS[kind] || OTHER,
            stack: "cost",
            order: 1,
        }));
        if (this.data.earlier) {
            sets.push({
                type: "line",
                label: this.data.earlierLabel,
                data: this.data.earlier,
                borderColor: this.text,
                borderDash: [4, 4],
                borderWidth: 1.5,
                pointRadius: 0,
                order: 0,
            });
        }
        return sets;
    }

    ofMeter({unit, amounts, quantities}) {
        return [
            {
                type: "line",
                label: unit,
                data: quantities,
                borderColor: COLORS.transfer,
                backgroundColor: COLORS.transfer,
                borderWidth: 2,
                pointRadius: 2,
                yAxisID: "quantity",
            },
            {
                label: _t("Cost in %s", this.data.currency),
                data: amounts,
                backgroundColor: COLORS.requests,
            },
        ];
    }

    options(meter) {
        const money = new Intl.NumberFormat(
            document.documentElement.lang || undefined,
            {
                style: "currency",
                currency: this.data.currency,
                minimumFractionDigits: this.data.digits,
                maximumFractionDigits: this.data.digits,
            },
        );
        const number = new Intl.NumberFormat(
            document.documentElement.lang || undefined,
            {
                maximumSignificantDigits: 6,
            },
        );
        const format = (set, value) =>
            set.yAxisID === "quantity" ? number.format(value) : money.format(value);
        const scales = {
            x: {stacked: true, grid: {display: false}, ticks: {color: this.text}},
            y: {
                stacked: !meter,
                beginAtZero: true,
                ticks: {
                    color: this.text,
                    callback: (value) => money.format(value),
                },
            },
        };
        if (meter) {
            scales.quantity = {
                position: "right",
                beginAtZero: true,
                grid: {display: false},
                title: {display: true, text: meter.unit, color: this.text},
                ticks: {color: this.text},
            };
        }
        return {
            maintainAspectRatio: false,
            animation: false,
            interaction: {mode: "index", intersect: false},
            plugins: {
                legend: {position: "bottom", labels: {color: this.text}},
                tooltip: {
                    callbacks: {
                        label: ({dataset, parsed}) =>
                            `${dataset.label}: ${format(dataset, parsed.y)}`,
                    },
                },
            },
            scales,
        };
    }
}

registry
    .category("public.interactions")
    .add("bitpaket_billing.usage_chart", UsageChart);
