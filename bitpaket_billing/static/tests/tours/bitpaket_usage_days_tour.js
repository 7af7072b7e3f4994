import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("bitpaket_usage_by_day", {
    url: "/my/billing",
    steps: () => [
        {
            content: "Open the usage by day",
            trigger: "a[name=usage_by_day]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Go to the month before",
            trigger: "a[name=before]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The chart is drawn",
            trigger: ".o_bitpaket_usage_chart[data-shown=''] canvas",
            run() {
                const chart = window.Chart.getChart(this.anchor);
                const costs = chart.data.datasets.filter((set) => set.stack === "cost");
                const total = costs
                    .flatMap((set) => set.data)
                    .reduce((sum, value) => sum + value, 0);
                if (total.toFixed(2) !== "29.00") {
                    throw new Error(`The chart adds up to ${total}`);
                }
            },
        },
        {
            content: "Look at one meter",
            trigger: "#usage_meter",
            run: "selectByIndex 1",
        },
        {
            content: "Its cost and its quantity are drawn",
            trigger: ".o_bitpaket_usage_chart:not([data-shown='']) canvas",
            run() {
                const {datasets} = window.Chart.getChart(this.anchor).data;
                const [quantities, amounts] = datasets.map((set) =>
                    Math.max(...set.data),
                );
                if (quantities !== 1700000 || amounts !== 8.5) {
                    throw new Error(`It shows ${quantities} for ${amounts}`);
                }
            },
        },
        {
            content: "Open a day",
            trigger: "[name=days] tbody tr:last-child a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The day by meter",
            trigger: "[name=day] tr:contains('requests'):contains('1,700,000')",
        },
        {
            content: "Back to all days",
            trigger: "a:contains('All days of')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The month by meter",
            trigger: "[name=meters] tfoot:contains('29.00')",
        },
    ],
});
