import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function see(content, trigger) {
    return {content, trigger};
}

function type(code) {
    return [
        {
            content: `Type ${code}`,
            trigger: "input[name=code]",
            run: `edit ${code}`,
        },
        {
            content: "Redeem it",
            trigger: "form[action*='/coupon'] button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
    ];
}

// The tests make these accounts, codes and amounts: tests/tours.

tours.add("bitpaket_billing_redeem", {
    url: "/my/billing",
    steps: () => [
        see("What was used so far", "[name=running]:contains('11.89')"),
        {
            content: "Redeem a coupon",
            trigger: "a[name=redeem]",
            run: "click",
            expectUnloadPage: true,
        },
        ...type("WELC0ME2O"),
        see("Mistyped", "[name=refused]:contains('mistyped')"),
        ...type("OLDTIMES"),
        see("Expired", "[name=refused]:contains('has expired')"),
        ...type("TOOLATE"),
        see("Used up", "[name=refused]:contains('has been used up')"),
        ...type("welcome20"),
        see("It was redeemed", "[name=redeemed]:contains('WELCOME20')"),
        see("What it gives", "[name=redeemed]:contains('20 % off, for 3 invoices')"),
        see("From when on", "[name=redeemed]:contains('starts with the invoice for')"),
        {
            content: "Back to the balance",
            trigger: "a:contains('Back to billing')",
            run: "click",
            expectUnloadPage: true,
        },
        see("The coupon is in force", "[name=coupon]:contains('3 invoices left')"),
        see("The balance is less", "[name=running]:contains('9.51')"),
        see(
            "The discount is a line",
            "[name=usage] tr:contains('Coupon WELCOME20'):contains('0.81')",
        ),
        see("What is owed stays", "[name=owed]:contains('29.00')"),
    ],
});

tours.add("bitpaket_billing_discounted", {
    url: "/my/billing",
    steps: () => [
        see("One invoice is used", "[name=coupon]:contains('2 invoices left')"),
        see("The next invoice is less", "[name=invoices] tr:contains('9.51')"),
        see("The one before stays", "[name=invoices] tr:contains('29.00')"),
        {
            content: "Open the next invoice",
            trigger: "[name=invoices] tr:contains('9.51') a:contains('USAGE')",
            run: "click",
            expectUnloadPage: true,
        },
        see("The invoice", ".breadcrumb-item.active:contains('USAGE')"),
        see(
            "The discount is on it",
            ":iframe #invoice_html tr:contains('Coupon WELCOME20'), :iframe tr:contains('Coupon WELCOME20')",
        ),
    ],
});

tours.add("bitpaket_billing_campaign", {
    steps: () => [
        {
            content: "A new coupon",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Its name",
            trigger: "[name=name] input",
            run: "edit Spring 2027",
        },
        {
            content: "What it gives",
            trigger: "[name=percent] input",
            run: "edit 20 && press Tab",
        },
        see("In words", "[name=summary]:contains('20 % off, once')"),
        {
            content: "Save it",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Make codes",
            trigger: "button[name=action_generate]:not([disabled])",
            run: "click",
        },
        {
            content: "Twelve of them",
            trigger: ".modal [name=count] input",
            run: "edit 12",
        },
        {
            content: "With a prefix",
            trigger: ".modal [name=prefix] input",
            run: "edit spring",
        },
        {
            content: "Make them",
            trigger: ".modal button[name=action_generate]",
            run: "click",
        },
        see("They are there", ".o_list_view .o_data_row:contains('SPRING-')"),
        see("All of them", ".o_pager_limit:contains('12')"),
        {
            content: "Back to the coupon",
            trigger: ".breadcrumb-item a:contains('Spring 2027'), .o_back_button",
            run: "click",
        },
        {
            content: "Redeem it for a customer",
            trigger: "button[name=action_redeem]",
            run: "click",
        },
        {
            content: "Look for the account",
            trigger: ".modal [name=account_id] input",
            run: "edit Acme",
        },
        {
            content: "Take it",
            trigger: ".o-autocomplete--dropdown-item:contains('Acme')",
            run: "click",
        },
        see("What it gives", ".modal [name=summary]:contains('20 % off')"),
        {
            content: "Redeem",
            trigger: ".modal button[name=action_redeem]",
            run: "click",
        },
        see("It is in force", ".o_arrow_button_current:contains('In force')"),
        {
            content: "Revoke it",
            trigger: "button[name=action_revoke]",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal [name=reason] input",
            run: "edit Given by mistake",
        },
        see("What that means", ".modal [name=effect]:contains('are not discounted')"),
        {
            content: "Confirm",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        see("The reason is kept", ".o-mail-Message:contains('Given by mistake')"),
    ],
});
