import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function see(content, trigger) {
    return {content, trigger};
}

function go(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

// The test makes the account and its usage of 11.89: tests/tours.

tours.add("bitpaket_billing_budgets", {
    url: "/my/billing",
    steps: () => [
        see("There is a forecast, or when it comes", "[name=outlook]"),
        go("Open the budgets", "a[name=budgets]"),
        see("There are none", ".lead:contains('No budget yet.')"),
        go("Make one", "a[name=new_budget]"),
        {content: "Name it", trigger: "input[name=name]", run: "edit Monthly"},
        {content: "Limit it", trigger: "input[name=limit]", run: "edit 20"},
        go("Save it", "button[name=save]"),
        see("It is half used", "[name=budget]:contains('59 %')"),
        go("Change it", "[name=budget] a:contains('Edit')"),
        {content: "Lower it", trigger: "input[name=limit]", run: "edit 10"},
        {content: "Stop there", trigger: "input[name=hard_cap]", run: "check"},
        go("Save it", "button[name=save]"),
        see("The effect is spelled out", "[name=effect]:contains('refused')"),
        see("It stops at once", "[name=stops_now]:contains('11.89')"),
        {content: "Understand", trigger: "input[name=confirmed]", run: "check"},
        go("Confirm", "button[name=confirm]"),
        see("It is stopped", "[name=capped]:contains('Monthly')"),
        go("Go to the billing page", "a:contains('Back to billing')"),
        see("It says so, too", "[name=capped]:contains('10.00')"),
        go("Raise the budget", "[name=capped] a"),
        {content: "Raise it", trigger: "input[name=limit]", run: "edit 100"},
        go("Save it", "button[name=save]"),
        see("It runs again", "[name=budget]:contains('11 %')"),
        see("Nothing is stopped", "body:not(:has([name=capped]))"),
    ],
});

tours.add("bitpaket_billing_budget_of_finance", {
    steps: () => [
        see("The account is stopped", "[name=capped]:contains('hard cap is reached')"),
        {content: "See its budgets", trigger: "a[name=budgets]", run: "click"},
        {
            content: "Open the budget",
            trigger: "[name=budget_ids] td:contains('Monthly')",
            run: "click",
        },
        {
            content: "Remove the cap",
            trigger: ".modal button[name=action_remove_cap]",
            run: "click",
        },
        {
            content: "Confirm it",
            trigger: ".modal:contains('at once') footer button.btn-primary",
            run: "click",
        },
        see("The cap is gone", ".modal button[name=action_set_cap]"),
    ],
});
