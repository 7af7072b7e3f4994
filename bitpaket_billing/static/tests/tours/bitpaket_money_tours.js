import {registry} from "@web/core/registry";

// Made by the test: 100.00 paid, of which 40.00 were given back.
registry.category("web_tour.tours").add("bitpaket_refund_seen", {
    url: "/my/billing",
    steps: () => [
        {
            content: "The refund is listed as one",
            trigger:
                "table[name=payments] tr:contains('Paid back'):contains('40.00') a:contains('Receipt')",
        },
        {
            content: "So is what was paid",
            trigger: "table[name=payments] tr:contains('Received'):contains('100.00')",
        },
        {
            content: "Nothing is owed",
            trigger: "[name=owed]:contains('0.00')",
        },
        {
            content: "The credit note is there",
            trigger: "table:contains('Credit note')",
        },
    ],
});

// Made by the test: 100.00 paid twice, the second time for nothing.
registry.category("web_tour.tours").add("bitpaket_credit_seen", {
    url: "/my/billing",
    steps: () => [
        {
            content: "The second payment is kept",
            trigger:
                "table[name=payments] tr:contains('kept as credit'):contains('100.00')",
        },
        {
            content: "It is a credit",
            trigger: "[name=owed]:contains('You have a credit of'):contains('100.00')",
        },
    ],
});

// Made by the test: the bank took 100.00 back.
registry.category("web_tour.tours").add("bitpaket_chargeback_seen", {
    url: "/my/billing",
    steps: () => [
        {
            content: "The customer sees what the bank did",
            trigger: "table[name=payments] tr:contains('Taken back by your bank')",
        },
        {
            content: "The debt is open again",
            trigger: "[name=owed]:contains('100.00')",
        },
        {
            content: "And can be paid again",
            trigger: "[name=owed] button:contains('Pay')",
        },
    ],
});

// Made by the test: one order paid twice, its entries, and a bank line of 86.30.
registry.category("web_tour.tours").add("bitpaket_finance_decides", {
    steps: () => [
        {
            content: "Open the payment that was not applied",
            trigger: ".o_data_row:contains('Paid twice') .o_data_cell[name=kind]",
            run: "click",
        },
        {
            content: "It says what to do",
            trigger: ".alert:contains('Give') [name=proposal_text]",
        },
        {
            content: "Do it",
            trigger: "button[name=action_refund]",
            run: "click",
        },
        {
            content: "Confirm",
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "It is on its way",
            trigger: ".o_arrow_button_current:contains('Being refunded')",
        },
    ],
});

registry.category("web_tour.tours").add("bitpaket_finance_matches_payout", {
    steps: () => [
        {
            content: "Make a payout",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Propose what it pays",
            trigger: "button[name=action_propose]",
            run: "click",
        },
        {
            content: "The sum is what the bank line says",
            trigger: "[name=amount_entries]:contains('93.15')",
        },
        {
            content: "Nothing is different",
            trigger: "[name=difference]:contains('0.00')",
        },
        {
            content: "Book it",
            trigger: "button[name=action_book]",
            run: "click",
        },
        {
            content: "It is on the bank account",
            trigger: ".o_arrow_button_current:contains('On the bank account')",
        },
    ],
});
