import {registry} from "@web/core/registry";

function see(content, trigger) {
    return {content, trigger};
}

function click(content, trigger) {
    return {content, trigger, run: "click"};
}

function type(meter, quantity) {
    const cell = `[name=quantity_ids] .o_data_row:contains('${meter}') td[name=quantity]`;
    return [
        click(`Go to ${meter}`, cell),
        {
            content: `Type the quantity of ${meter}`,
            trigger: `${cell} input`,
            run: `edit ${quantity}`,
        },
    ];
}

function choose(field, name) {
    return [
        {
            content: `Look for ${name}`,
            trigger: `[name=${field}] input`,
            run: `edit ${name}`,
        },
        click(
            `Choose ${name}`,
            `[name=${field}] .o-autocomplete--dropdown-item:contains('${name}')`,
        ),
    ];
}

// The test makes these books, accounts and amounts: tests/tours.

registry.category("web_tour.tours").add("bitpaket_billing_try_prices", {
    steps: () => [
        click("Open the book", ".o_data_row td:contains('Standard')"),
        click("Open a price", ".o_data_row td:contains('Class B')"),
        see("All its digits", ".modal [name=unit_price] input:value(0.000000004)"),
        see("And no others", ".modal [name=per] input:value(1,000)"),
        click("Close it", ".modal .btn-close"),
        click("Try its prices", "button[name=action_try_prices]"),
        see("Nothing yet", "[name=nothing]"),
        ...type("Class A", "1700000"),
        ...type("Storage", "500"),
        ...type("Transfer out", "150"),
        click("Leave the list", "[name=usage_from] label:contains('Typed')"),
        see("Requests", "[name=block]:contains('0.005 per 1,000'):contains('8.50')"),
        see("Storage", "[name=block]:contains('GiB-hours'):contains('11.50')"),
        see("What is free", "[name=block] .text-muted:contains('100 GiB')"),
        see("The total", "[name=first] [name=total]:contains('24.50')"),
        ...choose("other_book_id", "Dearer"),
        see("The other total", "[name=second] [name=total]:contains('25.50')"),
        see("The difference", "[name=second] [name=difference]:contains('+4.1 %')"),
        see("Where it comes from", "[name=block_difference]:contains('+8.7 %')"),
        click("Take an account", "[name=usage_from] label:contains('account')"),
        ...choose("account_id", "Acme"),
        see("The total of its month", "[name=first] [name=total]:contains('29.00')"),
        see(
            "The same as invoiced",
            "[name=invoiced]:contains('29.00'):contains('USAGE')",
        ),
        see("The other total", "[name=second] [name=total]:contains('30.00')"),
        click("Go back to the book", ".breadcrumb-item a:contains('Standard')"),
        see("Nothing asked to be saved", "button[name=action_try_prices]"),
    ],
});
