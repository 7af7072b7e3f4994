import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function see(content, trigger) {
    return {content, trigger};
}

function follow(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

function type(name, text) {
    return {content: name, trigger: `input[name=${name}]`, run: `edit ${text}`};
}

// The tests make these accounts, logins and amounts: tests/tours.

tours.add("bitpaket_billing_details", {
    url: "/my/billing",
    steps: () => [
        follow("To the details", "[name=more] a:contains('Billing details')"),
        type("name", "Kestrel Robotics Holding"),
        type("street", "12 Bishop Road"),
        type("city", "Oslo"),
        type("zip", "0150"),
        {
            content: "Country",
            trigger: "select[name=country_id]",
            run: "selectByLabel Norway",
        },
        type("invoice_emails", "boss"),
        type("purchase_order", "PO-2026-17"),
        follow("Save", "button[name=save]"),
        see("What is wrong", "[name=problems]:contains('“boss” is not an e-mail')"),
        see("What was typed is kept", "input[name=city]:value('Oslo')"),
        type("invoice_emails", "boss@kestrel.example.com"),
        follow("Save", "button[name=save]"),
        see("It was saved", "[name=saved]"),
        see("It is shown", "input[name=purchase_order]:value('PO-2026-17')"),
        follow("Back", "a:contains('Back to billing')"),
        see("The balance", "[name=running]"),
    ],
});

tours.add("bitpaket_billing_invite", {
    url: "/my/billing",
    steps: () => [
        follow("To the logins", "[name=more] a:contains('Logins')"),
        see("The own login", "table[name=logins]:contains('Do all')"),
        type("email", "ada@auditors.example.com"),
        follow("Invite", "form[name=invite] button"),
        see("It was sent", "[name=invited]"),
        see("She reads only", "tr:contains('ada@auditors'):contains('Read only')"),
        type("email", "ada@auditors.example.com"),
        {
            content: "Make her a contact",
            trigger: "input[name=role][value=billing]",
            run: "click",
        },
        follow("Invite", "form[name=invite] button"),
        see("She is one", "tr:contains('ada@auditors'):contains('Pay and change')"),
        type("email", "bob@auditors.example.com"),
        follow("Invite", "form[name=invite] button"),
        follow("Remove him", "tr:contains('bob@auditors') button"),
        see("He is gone", "table[name=logins]:not(:contains('bob@auditors'))"),
    ],
});

tours.add("bitpaket_billing_read_only", {
    url: "/my/billing",
    steps: () => [
        see("What is owed", "[name=owed]:contains('29.00')"),
        see("Why nothing can be done", "[name=read_only]"),
        see("No button to pay", "[name=owed]:not(:has(button))"),
        see("No coupons", ".o_bitpaket_billing:not(:has(a[name=redeem]))"),
        follow("To the details", "[name=more] a:contains('Billing details')"),
        see("They are to read", "fieldset:disabled input[name=name]"),
        see("They cannot be saved", "form:not(:has(button[name=save]))"),
        follow("Back", "a:contains('Back to billing')"),
        follow("To the other account", ".nav-pills a:contains('Auditors')"),
        see("It is there", ".nav-pills a[aria-current=page]:contains('Auditors')"),
        see("It is the own one", ".o_bitpaket_billing:not(:has([name=read_only]))"),
        see("Where coupons are redeemed", "a[name=redeem]"),
    ],
});
