import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function see(content, trigger) {
    return {content, trigger};
}

function follow(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

const confirm = follow("Confirm", "button[name=confirm]");
const back = follow("Back to billing", "a:contains('Back to billing')");

// The test makes this account and these plans: tests/tours.

tours.add("bitpaket_billing_plan", {
    url: "/my/billing",
    steps: () => [
        see("Nobody has a plan yet", "[name=plan]:contains('Pay-as-you-go')"),
        follow("Look at the plans", "a[name=plans]:contains('Upgrade')"),
        see("What the last month did cost", "[name=compared]:contains('29.00')"),
        see(
            "What it would have cost",
            "section:contains('Basic') [name=cost]:contains('50.00')",
        ),
        follow("Choose one", "section:contains('Basic') a[name=choose]"),
        see("The sum", "[name=total]:contains('30.00')"),
        confirm,
        see("The invoice says it", "[name=invoice]:contains('30.00')"),
        back,
        see("The plan", "[name=plan]:contains('Plan Basic')"),
        see("What is left", "[name=allowance]:contains('100 of 100')"),
        follow("Change it", "a[name=plans]:contains('Change the plan')"),
        follow("Upgrade", "section:contains('Pro') a[name=choose]:contains('Upgrade')"),
        see("The rest is credited", "[name=quote] tr:contains('unused')"),
        see("The sum", "[name=total]:contains('30.00')"),
        see("On the button, too", "button[name=confirm]:contains('30.00')"),
        confirm,
        see("The invoice says that sum", "[name=invoice]:contains('30.00')"),
        follow("Open it", "[name=invoice] a"),
        see("It is an invoice", ".breadcrumb-item.active:contains('USAGE')"),
    ],
});

tours.add("bitpaket_billing_plan_end", {
    url: "/my/billing/plans",
    steps: () => [
        follow(
            "Downgrade",
            "section:contains('Basic') a[name=choose]:contains('Downgrade')",
        ),
        see("Not now", "[name=terms]:contains('Nothing is charged now')"),
        confirm,
        back,
        see("It is to come", "[name=pending]:contains('Downgrade to Basic')"),
        follow("Undo it", "a[name=undo]"),
        see("The plan goes on", "[name=next_fee]:contains('60.00')"),
        confirm,
        see("It is undone", "h1:contains('Undone')"),
        back,
        follow("To the plans", "a[name=plans]"),
        follow("Cancel", "a[name=cancel]"),
        see("No fee follows", "[name=next_fee]:contains('No further fee')"),
        confirm,
        back,
        see("It is to come", "[name=pending]:contains('Cancellation of Pro')"),
    ],
});
